#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using BinaryFn = Tensor (*)(const Tensor&, const Tensor&);

/// `draw_b` keeps a divisor away from 0.
std::vector<OpCase> binary_cases(BinaryFn op, const DrawShape& draw_b) {
  const DrawShape draw_a = [](const Shape& shape) { return values(shape); };
  const auto plain = [op](const std::vector<Tensor>& in) { return op(in[0], in[1]); };
  const auto shapes = [&](const std::string& name, const Shape& a, const Shape& b) {
    return make_case(name, {draw_a(a), draw_b(b)}, plain);
  };
  return {
      shapes("plain [3, 5]", {3, 5}, {3, 5}),
      shapes("bias [4, 3, 5] with [5]", {4, 3, 5}, {5}),
      shapes("suffix [4, 3, 5] with [3, 5]", {4, 3, 5}, {3, 5}),
      shapes("column [3, 5] with [3, 1]", {3, 5}, {3, 1}),
      shapes("both repeat [3, 1, 4] with [2, 1]", {3, 1, 4}, {2, 1}),
      shapes("both repeat [1, 4] with [3, 1]", {1, 4}, {3, 1}),
      shapes("a grows [5] with [4, 5]", {5}, {4, 5}),
      shapes("scalar with [2, 3]", {}, {2, 3}),
      shapes("[2, 3] with [1, 1, 1]", {2, 3}, {1, 1, 1}),
      shapes("scalars", {}, {}),
      shapes("size 0 [0, 3] with [3]", {0, 3}, {3}),
      shapes("size 0 [2, 0] with [2, 1]", {2, 0}, {2, 1}),
      shapes("larger [23, 31] with [31]", {23, 31}, {31}),
      make_case("transposed a, sliced b", {draw_a({5, 3}), draw_b({3, 10})},
                [op](const std::vector<Tensor>& in) { return op(transposed(in[0]), every_second(in[1])); }),
      make_case("the same tensor twice", {draw_b({3, 4})},
                [op](const std::vector<Tensor>& in) { return op(in[0], in[0]); }),
  };
}

}  // namespace

std::vector<OpEntry> arithmetic_cases() {
  const DrawShape any = [](const Shape& shape) { return values(shape); };
  const DrawShape divisor = [](const Shape& shape) { return nonzero_values(shape); };
  return {
      {"add", binary_cases(add, any)},
      {"sub", binary_cases(sub, any)},
      {"mul", binary_cases(mul, any)},
      {"div", binary_cases(div, divisor)},
      {"scale", one_tensor_cases([](const Tensor& x) { return scale(x, -1.7); }, any)},
      {"add_scalar", one_tensor_cases([](const Tensor& x) { return add_scalar(x, 0.6); }, any)},
  };
}

}  // namespace aio
