#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpCase> matmul_cases() {
  const auto plain = [](const Inputs& in) { return matmul(in[0], in[1]); };
  const auto shapes = [&](const std::string& name, const Shape& a, const Shape& b) {
    return make_case(name, {values(a), values(b)}, plain);
  };
  return {
      shapes("[3, 4] x [4, 5]", {3, 4}, {4, 5}),
      shapes("a row [1, 7] x [7, 3]", {1, 7}, {7, 3}),
      shapes("a column [3, 7] x [7, 1]", {3, 7}, {7, 1}),
      shapes("an outer product [3, 1] x [1, 4]", {3, 1}, {1, 4}),
      shapes("folded [2, 3, 4] x [4, 5]", {2, 3, 4}, {4, 5}),
      shapes("batch [2, 3, 4] x [2, 4, 5]", {2, 3, 4}, {2, 4, 5}),
      shapes("a repeats [3, 4] x [2, 4, 5]", {3, 4}, {2, 4, 5}),
      shapes("b repeats [2, 3, 4] x [1, 4, 5]", {2, 3, 4}, {1, 4, 5}),
      shapes("both repeat [2, 1, 3, 4] x [3, 4, 2]", {2, 1, 3, 4}, {3, 4, 2}),
      shapes("crossed [2, 1, 3, 4] x [1, 3, 4, 2]", {2, 1, 3, 4}, {1, 3, 4, 2}),
      shapes("size 0 [0, 4] x [4, 5]", {0, 4}, {4, 5}),
      shapes("empty batch [0, 3, 4] x [4, 5]", {0, 3, 4}, {4, 5}),
      shapes("empty sum [3, 0] x [0, 2]", {3, 0}, {0, 2}),
      shapes("larger [19, 23] x [23, 17]", {19, 23}, {23, 17}),
      make_case("transposed a", {values({4, 3}), values({4, 5})},
                [](const Inputs& in) { return matmul(transposed(in[0]), in[1]); }),
      make_case("transposed b", {values({3, 4}), values({5, 4})},
                [](const Inputs& in) { return matmul(in[0], transposed(in[1])); }),
      make_case("both transposed, batched", {values({2, 4, 3}), values({2, 5, 4})},
                [](const Inputs& in) { return matmul(transposed(in[0]), transposed(in[1])); }),
      make_case("transposed batch with one matrix", {values({2, 4, 3}), values({4, 5})},
                [](const Inputs& in) { return matmul(transposed(in[0]), in[1]); }),
      make_case("heads by stride [2, 3, 2, 4] as [2, 2, 3, 4]", {values({2, 3, 2, 4}), values({2, 3, 2, 4})},
                [](const Inputs& in) {
                  return matmul(permute(in[0], {0, 2, 1, 3}), permute(in[1], {0, 2, 3, 1}));
                }),
      make_case("no unit stride", {values({3, 8}), values({8, 5})},
                [](const Inputs& in) { return matmul(every_second(in[0]), every_second(slice(in[1], 0, 0, 8, 2))); }),
      make_case("sliced rows", {values({3, 6}), values({4, 5})},
                [](const Inputs& in) { return matmul(inner_columns(in[0]), in[1]); }),
      make_case("expanded rows", {values({1, 4}), values({4, 2})},
                [](const Inputs& in) {
                  return matmul(expand(in[0], {3, 4}), in[1]);
                }),
      make_case("a times itself", {values({4, 4})}, [](const Inputs& in) { return matmul(in[0], in[0]); }),
  };
}

/// The cases of linear and linear_gelu, which differ only in what follows the product.
std::vector<OpCase> linear_cases(Tensor (*op)(const Tensor&, const Tensor&, const Tensor&)) {
  const auto with_bias = [op](const Inputs& in) { return op(in[0], in[1], in[2]); };
  const auto shapes = [&](const std::string& name, const Shape& x, std::int64_t out) {
    return make_case(name, {values(x), values({out, x.back()}, -1, 1), values({out})}, with_bias);
  };
  return {
      shapes("[3, 4] to 5", {3, 4}, 5),
      shapes("[2, 3, 4] to 5", {2, 3, 4}, 5),
      shapes("one row [4] to 5", {4}, 5),
      shapes("one input [3, 1] to 2", {3, 1}, 2),
      shapes("one output [3, 4] to 1", {3, 4}, 1),
      shapes("size 0 [0, 4] to 3", {0, 4}, 3),
      shapes("larger [21, 19] to 23", {21, 19}, 23),
      make_case("no bias", {values({3, 4}), values({5, 4}, -1, 1)},
                [op](const Inputs& in) { return op(in[0], in[1], {}); }),
      make_case("transposed x and weight", {values({4, 3}), values({4, 5}, -1, 1), values({5})},
                [op](const Inputs& in) { return op(transposed(in[0]), transposed(in[1]), in[2]); }),
      make_case("sliced x, bias", {values({2, 3, 8}), values({5, 4}, -1, 1), values({10})},
                [op](const Inputs& in) { return op(every_second(in[0]), in[1], every_second(in[2])); }),
      make_case("a weight used twice", {values({3, 4}), values({4, 4}, -1, 1), values({4})},
                [op](const Inputs& in) { return op(op(in[0], in[1], in[2]), in[1], in[2]); }),
  };
}

constexpr DropoutMask kDrop{0.4, {20230618, 3, 5}}, kHiddenDrop{0.3, {20230618, 3, 6}};

std::vector<OpCase> linear_residual_cases() {
  const auto plain = [](const Inputs& in) { return linear_residual(in[0], in[1], in[2], in[3]); };
  return {
      make_case("[3, 4] to 5", {values({3, 4}), values({5, 4}), values({5}), values({3, 5})}, plain),
      make_case("[2, 3, 4] to 4", {values({2, 3, 4}), values({4, 4}), values({4}), values({2, 3, 4})}, plain),
      make_case("x is the residual", {values({3, 4}), values({4, 4}), values({4})},
                [](const Inputs& in) { return linear_residual(in[0], in[1], in[2], in[0]); }),
      make_case("no bias, transposed residual", {values({3, 4}), values({5, 4}), values({5, 3})},
                [](const Inputs& in) { return linear_residual(in[0], in[1], {}, transposed(in[2])); }),
      make_case("dropout, odd rows", {values({5, 4}), values({7, 4}), values({7}), values({5, 7})},
                [](const Inputs& in) { return linear_residual(in[0], in[1], in[2], in[3], kDrop); }),
      make_case("size 0 [0, 4] to 3", {values({0, 4}), values({3, 4}), values({3}), values({0, 3})}, plain),
      make_case("larger [21, 19] to 23", {values({21, 19}), values({23, 19}), values({23}), values({21, 23})}, plain),
  };
}

std::vector<OpCase> mlp_cases() {
  // x [.., C], fc1 [H, C], [H], fc2 [O, H], [O], residual [.., O]
  const auto plain = [](const Inputs& in) { return mlp(in[0], {in[1], in[2], in[3], in[4]}, in[5]); };
  const auto with_dropout = [](const Inputs& in) {
    return mlp(in[0], {in[1], in[2], in[3], in[4]}, in[5], kHiddenDrop, kDrop);
  };
  const auto inputs = [](const Shape& x, std::int64_t hidden, std::int64_t out) {
    Shape result = x;
    result[x.rank() - 1] = out;
    return std::vector<Draw>{values(x),        values({hidden, x.back()}, -1, 1),
                             values({hidden}), values({out, hidden}, -1, 1),
                             values({out}),    values(result)};
  };
  return {
      make_case("[3, 4] by 8 to 4", inputs({3, 4}, 8, 4), plain),
      make_case("[2, 3, 4] by 5 to 3", inputs({2, 3, 4}, 5, 3), plain),
      make_case("one row [4]", inputs({4}, 6, 2), plain),
      make_case("size 0 [0, 4]", inputs({0, 4}, 6, 2), plain),
      make_case("dropout [3, 4] by 8 to 4", inputs({3, 4}, 8, 4), with_dropout),
      make_case("dropout, odd rows [5, 3] by 7 to 5", inputs({5, 3}, 7, 5), with_dropout),
      make_case("dropout, larger [19, 13] by 52 to 13", inputs({19, 13}, 52, 13), with_dropout),
      make_case("x is the residual", {values({3, 4}), values({6, 4}), values({6}), values({4, 6}), values({4})},
                [](const Inputs& in) {
                  return mlp(in[0], {in[1], in[2], in[3], in[4]}, in[0], kHiddenDrop, kDrop);
                }),
      make_case("no biases, no residual", {values({3, 4}), values({6, 4}), values({4, 6})},
                [](const Inputs& in) {
                  return mlp(in[0], {in[1], {}, in[2], {}}, {}, kHiddenDrop, kDrop);
                }),
      make_case("strided x, weights, residual",
                {values({4, 3}), values({4, 6}), values({12}), values({6, 5}), values({5}), values({5, 3})},
                [](const Inputs& in) {
                  return mlp(transposed(in[0]), {transposed(in[1]), every_second(in[2]), transposed(in[3]), in[4]},
                             transposed(in[5]), kHiddenDrop);
                }),
  };
}

}  // namespace

std::vector<OpEntry> product_cases() {
  return {
      {"matmul", matmul_cases()},
      {"linear", linear_cases(linear)},
      {"linear_gelu", linear_cases(linear_gelu)},
      {"linear_residual", linear_residual_cases()},
      {"mlp", mlp_cases()},
  };
}

}  // namespace aio
