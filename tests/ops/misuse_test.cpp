// What a caller can get wrong, for every public op: each misuse throws aio::Error with the code and the words below,
// and leaves every tensor as it was.

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <set>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/storage.h"
#include "tests/ops/declared_ops.h"

namespace aio {
namespace {

/// A tensor that says it is on a GPU; checks come before anybody looks at its memory.
Tensor on_cuda(const Shape& shape, DType dtype = DType::f32) {
  static double memory[64] = {};
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::make_shared<Storage>(memory, sizeof memory, Device{Device::Kind::cuda, 0}, [] {});
  impl->shape = shape;
  impl->strides = contiguous_strides(shape);
  impl->dtype = dtype;
  return Tensor(impl);
}

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

using enum ErrorCode;

void add_binary(std::vector<Misuse>& table, const Operands& o, const char* name,
                Tensor (*op)(const Tensor&, const Tensor&)) {
  table.insert(table.end(),
               {{name, shape, {"[2, 3]", "[4]"}, [=] { op(o.x, o.row4); }},
                {name, dtype, {"a is f32[2, 3]", "b is bf16[2, 3]", "cast(b, DType::f32)"}, [=] { op(o.x, o.half); }},
                {name, dtype, {"a is i64[2]", "expected a floating dtype"}, [=] { op(o.ids, o.ids); }},
                {name, device, {"b [2, 3] is on cuda:0", "b.to(a.device())"}, [=] { op(o.x, o.cuda); }},
                {name, value, {"b is undefined"}, [=] { op(o.x, o.none); }},
                {name, value, {"a is undefined"}, [=] { op(o.none, o.x); }}});
}

/// Ops of one floating tensor.
void add_unary(std::vector<Misuse>& table, const Operands& o, const char* name,
               const std::function<void(const Tensor&)>& op) {
  table.push_back({name, value, {"is undefined"}, [=] { op(o.none); }});
  table.push_back({name, dtype, {"i64[2]", "expected a floating dtype"}, [=] { op(o.ids); }});
}

std::vector<Misuse> arithmetic_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_binary(table, o, "add", add);
  add_binary(table, o, "sub", sub);
  add_binary(table, o, "mul", mul);
  add_binary(table, o, "div", div);
  add_unary(table, o, "scale", [](const Tensor& x) { scale(x, 2); });
  add_unary(table, o, "add_scalar", [](const Tensor& x) { add_scalar(x, 2); });
  add_unary(table, o, "exp", exp);
  add_unary(table, o, "log", log);
  add_unary(table, o, "sqrt", sqrt);
  add_unary(table, o, "relu", relu);
  add_unary(table, o, "tanh", tanh);
  add_unary(table, o, "sigmoid", sigmoid);
  add_unary(table, o, "gelu", gelu);
  table.insert(table.end(),
               {{"where", dtype, {"condition is f32[2, 3]", "expected dtype u8"}, [=] { where(o.x, o.x, o.y); }},
                {"where", dtype, {"a is f32[2, 3]", "b is f64[2, 3]"}, [=] { where(o.mask, o.x, o.x64); }},
                {"where", shape, {"[4]", "[2, 3]"}, [=] { where(o.mask4, o.x, o.y); }},
                {"where", shape, {"[4]", "[2, 3]"}, [=] { where(o.mask, o.x, o.row4); }},
                {"where", device, {"condition [2, 3] is on cuda:0"}, [=] { where(o.cuda_mask, o.x, o.y); }},
                {"where", value, {"condition is undefined"}, [=] { where(o.none, o.x, o.y); }},
                {"masked_fill", dtype, {"mask is f32[2, 3]", "u8"}, [=] { masked_fill(o.x, o.y, 0); }},
                {"masked_fill", shape, {"[4]", "[2, 3]"}, [=] { masked_fill(o.x, o.mask4, 0); }},
                {"masked_fill", shape, {"mask has shape [2, 3]", "x [3]"}, [=] { masked_fill(o.gamma, o.mask, 0); }},
                {"masked_fill", device, {"mask [2, 3] is on cuda:0"}, [=] { masked_fill(o.x, o.cuda_mask, 0); }},
                {"masked_fill", value, {"mask is undefined"}, [=] { masked_fill(o.x, o.none, 0); }},
                {"cast", value, {"x is undefined"}, [=] { cast(o.none, DType::f32); }}});
  return table;
}

std::vector<Misuse> random_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "dropout", [](const Tensor& x) { dropout(x, 0.1, {}); });
  add_unary(table, o, "drop_path", [](const Tensor& x) { drop_path(x, 0.1, {}); });
  table.insert(table.end(), {{"dropout", value, {"p is 1,", "0 <= p < 1"}, [=] { dropout(o.x, 1, {}); }},
                             {"dropout", value, {"p is -0.1"}, [=] { dropout(o.x, -0.1, {}); }},
                             {"dropout", value, {"p is nan"}, [=] { dropout(o.x, std::nan(""), {}); }},
                             {"drop_path", value, {"p is 1.5"}, [=] { drop_path(o.x, 1.5, {}); }},
                             {"drop_path", shape, {"[]", "[B, ...]"}, [=] { drop_path(o.scalar, 0.1, {}); }}});
  return table;
}

std::vector<Misuse> shape_misuses(const Operands& o) {
  return {
      {"reshape", value, {"x is undefined"}, [=] { reshape(o.none, {1}); }},
      {"reshape",
       shape,
       {"[2, 3]", "[4, 2]"},
       [=] {
         reshape(o.x, {4, 2});
       }},
      {"reshape",
       shape,
       {"[2, 3]", "[4, -1]"},
       [=] {
         reshape(o.x, {4, -1});
       }},
      {"reshape",
       shape,
       {"[-1, -1]"},
       [=] {
         reshape(o.x, {-1, -1});
       }},
      {"reshape",
       shape,
       {"[-2, -3]"},
       [=] {
         reshape(o.x, {-2, -3});
       }},
      {"reshape",
       shape,
       {"[0, -1]"},
       [=] {
         reshape(o.nothing, {0, -1});
       }},
      {"permute", value, {"x is undefined"}, [=] { permute(o.none, {0}); }},
      {"permute", shape, {"1", "[2, 3]"}, [=] { permute(o.x, {0}); }},
      {"permute",
       index,
       {"0", "[2, 3]", "twice"},
       [=] {
         permute(o.x, {0, 0});
       }},
      {"permute",
       index,
       {"2", "[2, 3]"},
       [=] {
         permute(o.x, {0, 2});
       }},
      {"transpose", value, {"x is undefined"}, [=] { transpose(o.none, 0, 1); }},
      {"transpose", index, {"2", "[2, 3]"}, [=] { transpose(o.x, 0, 2); }},
      {"transpose", index, {"-3", "[2, 3]"}, [=] { transpose(o.x, -3, 1); }},
      {"slice", value, {"x is undefined"}, [=] { slice(o.none, 0, 0, 1); }},
      {"slice", index, {"2", "[2, 3]"}, [=] { slice(o.x, 2, 0, 1); }},
      {"slice", index, {"4", "[2, 3]"}, [=] { slice(o.x, 1, 0, 4); }},
      {"slice", index, {"2", "1", "[2, 3]"}, [=] { slice(o.x, 1, 2, 1); }},
      {"slice", index, {"-4", "[2, 3]"}, [=] { slice(o.x, 1, -4, 2); }},
      {"slice", value, {"step is 0"}, [=] { slice(o.x, 1, 0, 2, 0); }},
      {"select", value, {"x is undefined"}, [=] { select(o.none, 0, 0); }},
      {"select", index, {"3", "[2, 3]"}, [=] { select(o.x, 1, 3); }},
      {"select", index, {"-4", "[2, 3]"}, [=] { select(o.x, 1, -4); }},
      {"select", index, {"5", "[2, 3]"}, [=] { select(o.x, 5, 0); }},
      {"select", index, {"0", "[0, 3]"}, [=] { select(o.nothing, 0, 0); }},
      {"expand", value, {"x is undefined"}, [=] { expand(o.none, {2}); }},
      {"expand",
       shape,
       {"[2, 3]", "[4, 3]"},
       [=] {
         expand(o.x, {4, 3});
       }},
      {"expand", shape, {"[2, 3]", "[3]"}, [=] { expand(o.x, {3}); }},
      {"unsqueeze", value, {"x is undefined"}, [=] { unsqueeze(o.none, 0); }},
      {"unsqueeze", index, {"3", "[2, 3]"}, [=] { unsqueeze(o.x, 3); }},
      {"unsqueeze", index, {"-4", "[2, 3]"}, [=] { unsqueeze(o.x, -4); }},
      {"unsqueeze", shape, {"[1, 1, 1, 1, 1, 2]", "6"}, [=] { unsqueeze(o.rank6, 0); }},
      {"squeeze", value, {"x is undefined"}, [=] { squeeze(o.none, 0); }},
      {"squeeze", shape, {"dimension 1 of x [2, 3] has size 3"}, [=] { squeeze(o.x, 1); }},
      {"squeeze", index, {"2", "[2, 3]"}, [=] { squeeze(o.x, 2); }},
      {"contiguous", value, {"x is undefined"}, [=] { contiguous(o.none); }},
      {"concat", value, {"no parts"}, [=] { concat({}, 0); }},
      {"concat",
       value,
       {"parts[1] is undefined"},
       [=] {
         concat({o.x, o.none}, 0);
       }},
      {"concat",
       value,
       {"parts[0] is undefined"},
       [=] {
         concat({o.none, o.x}, 0);
       }},
      {"concat",
       shape,
       {"parts[1] has shape [4]", "parts[0] [2, 3]"},
       [=] {
         concat({o.x, o.row4}, 0);
       }},
      {"concat",
       shape,
       {"parts[1] has shape [0, 3]", "[2, 3]"},
       [=] {
         concat({o.x, o.nothing}, 1);
       }},
      {"concat",
       dtype,
       {"parts[1] is f64[2, 3]", "f32"},
       [=] {
         concat({o.x, o.x64}, 0);
       }},
      {"concat",
       device,
       {"parts[1] [2, 3] is on cuda:0"},
       [=] {
         concat({o.x, o.cuda}, 0);
       }},
      {"concat",
       index,
       {"2", "[2, 3]"},
       [=] {
         concat({o.x, o.y}, 2);
       }},
      {"stack", value, {"no parts"}, [=] { stack({}, 0); }},
      {"stack",
       value,
       {"parts[1] is undefined"},
       [=] {
         stack({o.x, o.none}, 0);
       }},
      {"stack",
       shape,
       {"parts[1] has shape [0, 3]", "[2, 3]"},
       [=] {
         stack({o.x, o.nothing}, 0);
       }},
      {"stack",
       dtype,
       {"parts[1] is f64[2, 3]", "f32"},
       [=] {
         stack({o.x, o.x64}, 0);
       }},
      {"stack",
       device,
       {"parts[1] [2, 3] is on cuda:0"},
       [=] {
         stack({o.x, o.cuda}, 0);
       }},
      {"stack",
       index,
       {"3", "[2, 3]"},
       [=] {
         stack({o.x, o.y}, 3);
       }},
      {"split", value, {"x is undefined"}, [=] { split(o.none, {1}, 0); }},
      {"split",
       shape,
       {"add up to 4", "[2, 3]"},
       [=] {
         split(o.x, {2, 2}, 1);
       }},
      {"split", shape, {"add up to 0", "[2, 3]"}, [=] { split(o.x, {}, 1); }},
      {"split",
       value,
       {"size -1"},
       [=] {
         split(o.x, {4, -1}, 1);
       }},
      {"split", index, {"2", "[2, 3]"}, [=] { split(o.x, {3}, 2); }},
      {"roll", value, {"x is undefined"}, [=] { roll(o.none, 0, 1); }},
      {"roll", index, {"2", "[2, 3]"}, [=] { roll(o.x, 2, 1); }},
      {"roll", index, {"0", "[]"}, [=] { roll(o.scalar, 0, 1); }},
      {"temporal_roll", shape, {"x has shape [2, 3]", "[B, T, N, C]"}, [=] { temporal_roll(o.x, o.ids); }},
      {"temporal_roll", shape, {"shift has shape [2]", "[3]", "[1, 2, 3, 4]"}, [=] { temporal_roll(o.video, o.ids); }},
      {"temporal_roll", dtype, {"shift is f32[3]", "i64"}, [=] { temporal_roll(o.video, o.gamma); }},
      {"temporal_roll", dtype, {"x is i64[2]"}, [=] { temporal_roll(o.ids, o.ids); }},
      {"temporal_roll", device, {"shift [2] is on cuda:0"}, [=] { temporal_roll(o.video, o.cuda_ids); }},
      {"temporal_roll", value, {"shift is undefined"}, [=] { temporal_roll(o.video, o.none); }},
  };
}

std::vector<Misuse> reduce_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "sum", [](const Tensor& x) { sum(x); });
  add_unary(table, o, "sum", [](const Tensor& x) { sum(x, {0}); });
  add_unary(table, o, "mean", [](const Tensor& x) { mean(x); });
  add_unary(table, o, "mean", [](const Tensor& x) { mean(x, {0}); });
  table.insert(table.end(), {{"sum",
                              index,
                              {"2", "[2, 3]"},
                              [=] {
                                sum(o.x, {0, 2});
                              }},
                             {"sum",
                              value,
                              {"dimension 1 of [2, 3] twice"},
                              [=] {
                                sum(o.x, {1, -1});
                              }},
                             {"mean", index, {"2", "[2, 3]"}, [=] { mean(o.x, {2}); }},
                             {"mean",
                              value,
                              {"dimension 0 of [2, 3] twice"},
                              [=] {
                                mean(o.x, {0, 0});
                              }},
                             {"mean", value, {"[0, 3]", "at least one element"}, [=] { mean(o.nothing); }},
                             {"mean", value, {"[0, 3]", "at least one element"}, [=] { mean(o.nothing, {0}); }}});
  return table;
}

/// linear and linear_gelu take the same arguments.
void add_linear(std::vector<Misuse>& table, const Operands& o, const char* name,
                Tensor (*op)(const Tensor&, const Tensor&, const Tensor&)) {
  table.insert(table.end(),
               {{name, value, {"x is undefined"}, [=] { op(o.none, o.weight, {}); }},
                {name, value, {"weight is undefined"}, [=] { op(o.x, o.none, {}); }},
                {name, shape, {"x has shape []", "[..., I]"}, [=] { op(o.scalar, o.weight, {}); }},
                {name, shape, {"weight has shape [2, 5]", "[*, 3]", "x [2, 3]"}, [=] { op(o.x, o.out, {}); }},
                {name, shape, {"weight has shape [3]", "[*, 3]"}, [=] { op(o.x, o.gamma, {}); }},
                {name, shape, {"bias has shape [3]", "[5]", "weight [5, 3]"}, [=] { op(o.x, o.weight, o.gamma); }},
                {name,
                 dtype,
                 {"x is bf16[2, 3]", "weight is f32[5, 3]", "cast(weight, DType::bf16)"},
                 [=] { op(o.half, o.weight, {}); }},
                {name, dtype, {"x is i64[2]"}, [=] { op(o.ids, o.weight, {}); }},
                {name, dtype, {"bias is i64[2]", "f32"}, [=] { op(o.x, o.weight, o.ids); }},
                {name, dtype, {"bias is f64[2, 3]", "f32"}, [=] { op(o.x, o.weight, o.x64); }},
                {name, device, {"weight [2, 3] is on cuda:0"}, [=] { op(o.x, o.cuda, {}); }},
                {name, device, {"bias [2, 3] is on cuda:0"}, [=] { op(o.x, o.weight, o.cuda); }}});
}

std::vector<Misuse> product_misuses(const Operands& o) {
  std::vector<Misuse> table{
      {"matmul", value, {"b is undefined"}, [=] { matmul(o.x, o.none); }},
      {"matmul", dtype, {"a is f32[2, 3]", "b is f64[2, 3]"}, [=] { matmul(o.x, o.x64); }},
      {"matmul", dtype, {"a is i64[2]"}, [=] { matmul(o.ids, o.x); }},
      {"matmul", device, {"b [2, 3] is on cuda:0"}, [=] { matmul(o.x, o.cuda); }},
      {"matmul", shape, {"a has shape [2, 3]", "b has shape [2, 3]", "3 and 2"}, [=] { matmul(o.x, o.y); }},
      {"matmul", shape, {"a has shape [3]", "[..., M, K]"}, [=] { matmul(o.gamma, o.x); }},
      {"matmul", shape, {"b has shape [3]", "[..., K, N]"}, [=] { matmul(o.x, o.gamma); }},
      {"matmul",
       shape,
       {"[2]", "[3]"},
       [=] {
         matmul(o.cube, uniform({3, 4, 2}, 0, 1, {}));
       }},
  };
  add_linear(table, o, "linear", linear);
  add_linear(table, o, "linear_gelu", linear_gelu);
  add_linear(table, o, "linear_residual", [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return linear_residual(x, weight, bias, uniform({2, 5}, 0, 1, {}));
  });
  table.insert(
      table.end(),
      {{"linear_residual",
        shape,
        {"residual has shape [2, 3]", "[2, 5]", "x [2, 3]", "weight [5, 3]"},
        [=] { linear_residual(o.x, o.weight, o.bias, o.y); }},
       {"linear_residual", value, {"residual is undefined"}, [=] { linear_residual(o.x, o.weight, o.bias, o.none); }},
       {"linear_residual", dtype, {"residual is f64[2, 3]"}, [=] { linear_residual(o.x, o.weight, o.bias, o.x64); }},
       {"linear_residual", device, {"residual [2, 3] is on cuda:0"}, [=] {
          linear_residual(o.x, o.weight, o.bias, o.cuda);
        }}});
  return table;
}

std::vector<Misuse> norm_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "softmax", softmax);
  add_unary(table, o, "log_softmax", log_softmax);
  add_unary(table, o, "l2_normalize", [](const Tensor& x) { l2_normalize(x, 1e-12); });
  table.insert(
      table.end(),
      {{"layer_norm", value, {"x is undefined"}, [=] { layer_norm(o.none, o.gamma, o.gamma, 1e-6); }},
       {"layer_norm", value, {"beta is undefined"}, [=] { layer_norm(o.x, o.gamma, o.none, 1e-6); }},
       {"layer_norm", shape, {"gamma has shape [4]", "[3]", "x [2, 3]"}, [=] { layer_norm(o.x, o.row4, o.gamma, 0); }},
       {"layer_norm", shape, {"beta has shape [2, 3]", "[3]"}, [=] { layer_norm(o.x, o.gamma, o.y, 0); }},
       {"layer_norm", shape, {"x has shape []"}, [=] { layer_norm(o.scalar, o.gamma, o.gamma, 0); }},
       {"layer_norm", dtype, {"gamma is bf16[2, 3]", "f32"}, [=] { layer_norm(o.half, o.half, o.half, 0); }},
       {"layer_norm", dtype, {"gamma is f32[3]", "f64"}, [=] { layer_norm(o.x64, o.gamma, o.gamma, 0); }},
       {"layer_norm", device, {"gamma [2, 3] is on cuda:0"}, [=] { layer_norm(o.x, o.cuda, o.gamma, 0); }},
       {"layer_norm", value, {"eps is -1"}, [=] { layer_norm(o.x, o.gamma, o.gamma, -1); }},
       {"layer_norm", value, {"eps is nan"}, [=] { layer_norm(o.x, o.gamma, o.gamma, std::nan("")); }},
       {"l2_normalize", shape, {"x has shape []"}, [=] { l2_normalize(o.scalar, 1); }},
       {"l2_normalize", value, {"eps is -1"}, [=] { l2_normalize(o.x, -1); }},
       {"cosine_similarity", value, {"b is undefined"}, [=] { cosine_similarity(o.x, o.none, 0); }},
       {"cosine_similarity", shape, {"[2, 3]", "[4]"}, [=] { cosine_similarity(o.x, o.row4, 0); }},
       {"cosine_similarity", shape, {"a has shape []"}, [=] { cosine_similarity(o.scalar, o.x, 0); }},
       {"cosine_similarity", dtype, {"a is f32[2, 3]", "b is f64[2, 3]"}, [=] { cosine_similarity(o.x, o.x64, 0); }},
       {"cosine_similarity", device, {"b [2, 3] is on cuda:0"}, [=] { cosine_similarity(o.x, o.cuda, 0); }},
       {"cosine_similarity", value, {"eps is -1"}, [=] { cosine_similarity(o.x, o.y, -1); }}});
  return table;
}

AttentionOptions with_lengths(const Tensor& key_lengths) {
  AttentionOptions options;
  options.key_lengths = key_lengths;
  return options;
}

AttentionOptions with_mask(const Tensor& allowed) {
  AttentionOptions options;
  options.allowed = allowed;
  return options;
}

std::vector<Misuse> attention_misuses(const Operands& o) {
  return {
      {"attention", value, {"q is undefined"}, [=] { attention(o.none, o.q, o.q); }},
      {"attention", value, {"v is undefined"}, [=] { attention(o.q, o.q, o.none); }},
      {"attention", shape, {"[2, 3]"}, [=] { attention(o.x, o.x, o.x); }},
      {"attention", shape, {"[2, 3, 2, 4]", "[2, 3, 2, 5]"}, [=] { attention(o.q, o.q_other, o.q_other); }},
      {"attention", shape, {"[2, 3, 2, 4]", "[2, 3, 2, 5]"}, [=] { attention(o.q, o.q, o.q_other); }},
      {"attention", dtype, {"f32", "f64"}, [=] { attention(o.q, cast(o.q, DType::f64), o.q); }},
      {"attention",
       device,
       {"cuda:0"},
       [=] {
         attention(o.q, o.q, on_cuda({2, 3, 2, 4}));
       }},
      {"attention", dtype, {"key_lengths"}, [=] { attention(o.q, o.q, o.q, with_lengths(o.row4)); }},
      {"attention",
       shape,
       {"key_lengths"},
       [=] { attention(o.q, o.q, o.q, with_lengths(random_integers({3}, 1, 3, {}))); }},
      {"attention", dtype, {"allowed"}, [=] { attention(o.q, o.q, o.q, with_mask(o.x)); }},
      {"attention", shape, {"allowed"}, [=] { attention(o.q, o.q, o.q, with_mask(o.mask4)); }},
      {"attention_packed", value, {"undefined"}, [=] { attention_packed(o.none, 2); }},
      {"attention_packed", shape, {"[2, 3]"}, [=] { attention_packed(o.x, 1); }},
      {"attention_packed", shape, {"[2, 3, 12]", "5"}, [=] { attention_packed(o.qkv, 5); }},
      {"attention_packed",
       dtype,
       {"i64"},
       [=] {
         attention_packed(random_integers({1, 2, 3}, 0, 2, {}), 1);
       }},
  };
}

std::vector<Misuse> index_misuses(const Operands& o) {
  return {
      {"embedding", value, {"table is undefined"}, [=] { embedding(o.none, o.ids); }},
      {"embedding", value, {"ids is undefined"}, [=] { embedding(o.weight, o.none); }},
      {"embedding", dtype, {"ids is f32[4]", "i64"}, [=] { embedding(o.weight, o.row4); }},
      {"embedding", shape, {"table has shape [2, 3, 4]", "[V, C]"}, [=] { embedding(o.cube, o.ids); }},
      {"embedding", index, {"id 5 at position 3", "[2, 2]", "0..4"}, [=] { embedding(o.weight, o.ids_matrix); }},
      {"embedding", index, {"id -1 at position 0", "0..4"}, [=] { embedding(o.weight, o.ids_low); }},
      {"embedding", index, {"padding_idx 5", "[5, 3]"}, [=] { embedding(o.weight, o.ids, 5); }},
      {"embedding", device, {"ids [2] is on cuda:0"}, [=] { embedding(o.weight, o.cuda_ids); }},
      {"index_select", value, {"index is undefined"}, [=] { index_select(o.x, 1, o.none); }},
      {"index_select", dtype, {"index is f32[4]", "i64"}, [=] { index_select(o.x, 1, o.row4); }},
      {"index_select", shape, {"index has shape [2, 2]", "[N]"}, [=] { index_select(o.x, 1, o.ids_matrix); }},
      {"index_select", index, {"3 at position 1", "0..2"}, [=] { index_select(o.x, 1, o.ids_high); }},
      {"index_select", index, {"-1 at position 0", "0..2"}, [=] { index_select(o.x, 1, o.ids_low); }},
      {"index_select", index, {"2", "[2, 3]"}, [=] { index_select(o.x, 2, o.ids); }},
      {"index_select", device, {"index [2] is on cuda:0"}, [=] { index_select(o.x, 1, o.cuda_ids); }},
      {"select_rows", value, {"index is undefined"}, [=] { select_rows(o.cube, o.none); }},
      {"select_rows", dtype, {"index is f32[2, 3]", "i64"}, [=] { select_rows(o.cube, o.x); }},
      {"select_rows", shape, {"x has shape [2, 3]", "[B, V, C]"}, [=] { select_rows(o.x, o.ids_matrix); }},
      {"select_rows", shape, {"index has shape [2]", "[2, *]", "x [2, 3, 4]"}, [=] { select_rows(o.cube, o.ids); }},
      {"select_rows", index, {"5 at position 3", "0..2"}, [=] { select_rows(o.cube, o.ids_matrix); }},
      {"select_rows", device, {"index [2] is on cuda:0"}, [=] { select_rows(o.cube, o.cuda_ids); }},
  };
}

std::vector<Misuse> image_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "patchify", [](const Tensor& x) { patchify(x, 2); });
  add_unary(table, o, "resize_bilinear", [](const Tensor& x) { resize_bilinear(x, 2, 2, false); });
  table.insert(
      table.end(),
      {{"patchify", shape, {"[2, 3]", "[B, 3, H, W]"}, [=] { patchify(o.x, 1); }},
       {"patchify", shape, {"[1, 2, 3, 4]", "multiples of patch_size 2"}, [=] { patchify(o.video, 2); }},
       {"patchify", value, {"patch_size is 0"}, [=] { patchify(o.video, 0); }},
       {"resize_bilinear", shape, {"x has shape [4]", "[..., h, w]"}, [=] { resize_bilinear(o.row4, 2, 2, true); }},
       {"resize_bilinear", shape, {"[2, 3] to 0 x 2"}, [=] { resize_bilinear(o.x, 0, 2, true); }},
       {"resize_bilinear", shape, {"[0, 3] to 2 x 2"}, [=] { resize_bilinear(o.nothing, 2, 2, true); }}});
  return table;
}

std::vector<Misuse> loss_misuses(const Operands& o) {
  const char* binary = "binary_cross_entropy_with_logits";
  return {
      {"cross_entropy", value, {"logits is undefined"}, [=] { cross_entropy(o.none, o.ids); }},
      {"cross_entropy", value, {"targets is undefined"}, [=] { cross_entropy(o.x, o.none); }},
      {"cross_entropy", dtype, {"targets is f32[4]", "i64"}, [=] { cross_entropy(o.x, o.row4); }},
      {"cross_entropy", dtype, {"logits is i64[2]"}, [=] { cross_entropy(o.ids, o.ids); }},
      {"cross_entropy",
       shape,
       {"targets has shape [2, 2]", "[2]", "logits [2, 3]"},
       [=] { cross_entropy(o.x, o.ids_matrix); }},
      {"cross_entropy", shape, {"logits has shape []"}, [=] { cross_entropy(o.scalar, o.ids); }},
      {"cross_entropy", index, {"target 3 at position 1", "0..2"}, [=] { cross_entropy(o.x, o.ids_high); }},
      {"cross_entropy", index, {"target -1 at position 0", "0..2"}, [=] { cross_entropy(o.x, o.ids_low); }},
      {"cross_entropy", device, {"targets [2] is on cuda:0"}, [=] { cross_entropy(o.x, o.cuda_ids); }},
      {binary, value, {"targets is undefined"}, [=] { binary_cross_entropy_with_logits(o.x, o.none); }},
      {binary, dtype, {"targets is f64[2, 3]"}, [=] { binary_cross_entropy_with_logits(o.x, o.x64); }},
      {binary, shape, {"targets has shape [3]", "[2, 3]"}, [=] { binary_cross_entropy_with_logits(o.x, o.gamma); }},
      {binary, device, {"targets [2, 3] is on cuda:0"}, [=] { binary_cross_entropy_with_logits(o.x, o.cuda); }},
      {binary, value, {"[0, 3]"}, [=] { binary_cross_entropy_with_logits(o.nothing, o.nothing); }},
  };
}

std::vector<Misuse> sort_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "argmax", [](const Tensor& x) { argmax(x); });
  add_unary(table, o, "topk", [](const Tensor& x) { topk(x, 1); });
  add_unary(table, o, "sort", [](const Tensor& x) { sort(x); });
  table.insert(table.end(),
               {{"argmax", shape, {"x has shape []"}, [=] { argmax(o.scalar); }},
                {"argmax", value, {"[2, 0]", "at least one element"}, [=] { argmax(slice(o.x, 1, 0, 0)); }},
                {"topk", shape, {"x has shape []"}, [=] { topk(o.scalar, 1); }},
                {"topk", value, {"k is 4", "0..3", "[2, 3]"}, [=] { topk(o.x, 4); }},
                {"topk", value, {"k is -1"}, [=] { topk(o.x, -1); }},
                {"sort", shape, {"x has shape []"}, [=] { sort(o.scalar); }}});
  return table;
}

std::vector<Misuse> misuse_table(const Operands& o) {
  std::vector<Misuse> table;
  for (const auto family :
       {arithmetic_misuses, random_misuses, shape_misuses, reduce_misuses, product_misuses, norm_misuses,
        attention_misuses, index_misuses, image_misuses, loss_misuses, sort_misuses}) {
    for (Misuse& misuse : family(o)) table.push_back(std::move(misuse));
  }
  return table;
}

/// Bytes and version of every operand.
struct Snapshot {
  explicit Snapshot(const Operands& operands) {
    for (const Tensor& x : operands.on_host()) {
      const auto* bytes = static_cast<const unsigned char*>(x.raw_data());
      bytes_.emplace_back(bytes, bytes + x.numel() * size_of(x.dtype()));
      versions_.push_back(x.version());
    }
  }
  friend bool operator==(const Snapshot&, const Snapshot&) = default;

 private:
  std::vector<std::vector<unsigned char>> bytes_;
  std::vector<std::uint64_t> versions_;
};

void check_misuse(const Misuse& misuse) {
  try {
    misuse.call();
    FAIL_CHECK("no error");
  } catch (const Error& error) {
    const std::string text = error.what();
    CAPTURE(text);
    CHECK(to_string(error.code()) == to_string(misuse.code));
    CHECK_MESSAGE(text.rfind(std::string(misuse.op) + ": ", 0) == 0, "the message opens with the op's name");
    for (const std::string& word : misuse.words) CHECK_MESSAGE(text.find(word) != std::string::npos, word);
  }
}

TEST_CASE("misuse: every mistake is an error with op, shapes and the fix, and changes nothing") {
  for (const bool recording : {false, true}) {
    const Operands operands;
    if (recording) {
      for (const Tensor& x : operands.on_host()) {
        if (is_float(x.dtype())) set_requires_grad(x);
      }
    }
    const Snapshot before(operands);
    for (const Misuse& misuse : misuse_table(operands)) {
      INFO(std::string(misuse.op), ", expecting ", to_string(misuse.code), " ", misuse.words.front());
      check_misuse(misuse);
      CHECK(Snapshot(operands) == before);
    }
    for (const Tensor& x : operands.on_host()) CHECK_FALSE(grad(x).defined());
  }
}

TEST_CASE("misuse: every public op is in the table") {
  std::set<std::string> covered;
  for (const Misuse& misuse : misuse_table(Operands{})) covered.insert(misuse.op);
  for (const std::string& op : test::declared_ops()) CHECK_MESSAGE(covered.count(op) == 1, op, " has no misuse");
}

}  // namespace
}  // namespace aio
