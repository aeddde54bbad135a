#pragma once
// What a caller can get wrong, for every public op: each misuse throws aio::Error with the code and the words of the
// table, and leaves every tensor as it was. The tables are in misuse_*_test.cpp, by family.

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::test {

/// A tensor that says it is on a GPU; checks come before anybody looks at its memory.
Tensor on_cuda(const Shape& shape, DType dtype = DType::f32);

/// The tensors that the misuses are made of.
struct Operands {
  Tensor none;
  Tensor x = uniform({2, 3}, -1, 1, {1, 0, 0});                     // f32
  Tensor y = uniform({2, 3}, -1, 1, {1, 0, 1});                     // like x
  Tensor x64 = uniform({2, 3}, -1, 1, {1, 0, 2}, {DType::f64});     // other dtypes
  Tensor half = uniform({2, 3}, -1, 1, {1, 0, 3}, {DType::bf16});   //
  Tensor row4 = uniform({4}, -1, 1, {1, 0, 4});                     // fits nothing above
  Tensor scalar = uniform({}, -1, 1, {1, 0, 5});                    //
  Tensor gamma = uniform({3}, -1, 1, {1, 0, 6});                    // a vector for x's columns
  Tensor weight = uniform({5, 3}, -1, 1, {1, 0, 7});                // a weight for x
  Tensor bias = uniform({5}, -1, 1, {1, 0, 8});                     //
  Tensor out = uniform({2, 5}, -1, 1, {1, 0, 9});                   // what they give
  Tensor cube = uniform({2, 3, 4}, -1, 1, {1, 0, 10});              // rank 3
  Tensor video = uniform({1, 2, 3, 4}, -1, 1, {1, 0, 11});          // [B, T, N, C] or [B, C, H, W]
  Tensor nothing = uniform({0, 3}, -1, 1, {1, 0, 12});              // no elements
  Tensor rank6 = uniform({1, 1, 1, 1, 1, 2}, -1, 1, {1, 0, 13});    //
  Tensor qkv = uniform({2, 3, 12}, -1, 1, {1, 0, 14});              // packed, 2 heads of 2
  Tensor q = uniform({2, 3, 2, 4}, -1, 1, {1, 0, 15});              // [B, N, H, D]
  Tensor q_other = uniform({2, 3, 2, 5}, -1, 1, {1, 0, 16});        // another D
  Tensor ids = Tensor::from(std::vector<std::int64_t>{0, 2}, {2});  // i64
  Tensor ids_high = Tensor::from(std::vector<std::int64_t>{0, 3}, {2});
  Tensor ids_low = Tensor::from(std::vector<std::int64_t>{-1, 0}, {2});
  Tensor ids_matrix = Tensor::from(std::vector<std::int64_t>{0, 1, 2, 5}, {2, 2});
  Tensor mask = Tensor::from(std::vector<std::uint8_t>{0, 1, 0, 1, 1, 0}, {2, 3});
  Tensor mask4 = Tensor::from(std::vector<std::uint8_t>{0, 1, 0, 1}, {4});
  Tensor cuda = on_cuda({2, 3});
  Tensor cuda_ids = on_cuda({2}, DType::i64);
  Tensor cuda_mask = on_cuda({2, 3}, DType::u8);

  std::vector<Tensor> on_host() const {
    return {x,       y,     x64, half, row4,    scalar, gamma,    weight,  bias,       out,  cube, video,
            nothing, rank6, qkv, q,    q_other, ids,    ids_high, ids_low, ids_matrix, mask, mask4};
  }
};

struct Misuse {
  const char* op;
  ErrorCode code;
  std::vector<std::string> words;  ///< all of them are in the message
  std::function<void()> call;
};

/// Makes each misuse, with inputs that require grad and without.
using MisuseTable = std::vector<Misuse> (*)(const Operands&);
void check_misuses(MisuseTable table);

/// Adds what every op of one floating tensor refuses: an undefined one and integers.
void add_unary(std::vector<Misuse>& table, const Operands& o, const char* name,
               const std::function<void(const Tensor&)>& op);

std::vector<Misuse> elementwise_misuses(const Operands& o);
std::vector<Misuse> random_misuses(const Operands& o);
std::vector<Misuse> reduce_misuses(const Operands& o);
std::vector<Misuse> sort_misuses(const Operands& o);
std::vector<Misuse> shape_misuses(const Operands& o);
std::vector<Misuse> product_misuses(const Operands& o);
std::vector<Misuse> norm_misuses(const Operands& o);
std::vector<Misuse> attention_misuses(const Operands& o);
std::vector<Misuse> index_misuses(const Operands& o);
std::vector<Misuse> image_misuses(const Operands& o);
std::vector<Misuse> loss_misuses(const Operands& o);

}  // namespace aio::test
