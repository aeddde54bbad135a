#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

std::vector<OpCase> where_cases() {
  const auto plain = [](const std::vector<Tensor>& in) { return where(in[0], in[1], in[2]); };
  return {
      make_case("plain [3, 5]", {mask({3, 5}), values({3, 5}), values({3, 5})}, plain),
      make_case("mask repeats [5] over [3, 5]", {mask({5}), values({3, 5}), values({3, 5})}, plain),
      make_case("all repeat [2, 1, 1], [3, 1], [4]", {mask({2, 1, 1}), values({3, 1}), values({4})}, plain),
      make_case("mask grows the result [4, 3], [], [3]", {mask({4, 3}), values({}), values({3})}, plain),
      make_case("transposed", {mask({3, 5}), values({5, 3}), values({3, 5})},
                [](const std::vector<Tensor>& in) { return where(in[0], transposed(in[1]), in[2]); }),
      make_case("size 0 [0, 3]", {mask({0, 3}), values({0, 3}), values({3})}, plain),
      make_case("larger [29, 31]", {mask({29, 31}), values({29, 31}), values({31})}, plain),
  };
}

std::vector<OpCase> masked_fill_cases() {
  const auto plain = [](const std::vector<Tensor>& in) { return masked_fill(in[0], in[1], -3.5); };
  return {
      make_case("plain [3, 5]", {values({3, 5}), mask({3, 5})}, plain),
      make_case("mask repeats [3, 1] over [2, 3, 5]", {values({2, 3, 5}), mask({3, 1})}, plain),
      make_case("transposed", {values({5, 3}), mask({3, 5})},
                [](const std::vector<Tensor>& in) { return masked_fill(transposed(in[0]), in[1], 7); }),
      make_case("scalar", {values({}), mask({})}, plain),
      make_case("size 0 [3, 0]", {values({3, 0}), mask({3, 1})}, plain),
      make_case("larger [29, 31]", {values({29, 31}), mask({31})}, plain),
  };
}

/// f64 -> f32 -> f64. The values are as small as the step of the central difference: f32 resolves it there.
std::vector<OpCase> cast_cases() {
  return one_tensor_cases([](const Tensor& x) { return cast(cast(x, DType::f32), DType::f64); },
                          [](const Shape& shape) { return values(shape, -1e-5, 1e-5); });
}

}  // namespace

std::vector<OpEntry> elementwise_cases() {
  const DrawShape any = [](const Shape& shape) { return values(shape); };
  const DrawShape positive = [](const Shape& shape) { return values(shape, 0.3, 3); };
  const DrawShape no_kink = [](const Shape& shape) { return nonzero_values(shape); };
  return {
      {"exp", one_tensor_cases(exp, any)},
      {"log", one_tensor_cases(log, positive)},
      {"sqrt", one_tensor_cases(sqrt, positive)},
      {"relu", one_tensor_cases(relu, no_kink)},
      {"tanh", one_tensor_cases(tanh, any)},
      {"sigmoid", one_tensor_cases(sigmoid, any)},
      {"gelu", one_tensor_cases(gelu, [](const Shape& shape) { return values(shape, -4, 4); })},
      {"where", where_cases()},
      {"masked_fill", masked_fill_cases()},
      {"cast", cast_cases()},
  };
}

}  // namespace aio
