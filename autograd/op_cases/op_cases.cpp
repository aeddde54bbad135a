#include "autograd/op_cases/op_cases.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio {

namespace {
Tensor draw_uniform(const Shape& shape, double low, double high, RngStream& rng) {
  return uniform(shape, low, high, rng.next(), {DType::f64});
}

Tensor as_leaf(const Tensor& x) {
  set_requires_grad(x);
  return x;
}
}  // namespace

Draw values(const Shape& shape, double low, double high) {
  return [=](RngStream& rng) { return as_leaf(draw_uniform(shape, low, high, rng)); };
}

Draw nonzero_values(const Shape& shape) {
  return [=](RngStream& rng) {
    const Tensor magnitude = draw_uniform(shape, 0.3, 2, rng), side = draw_uniform(shape, -1, 1, rng);
    std::vector<double> x = magnitude.to_vector<double>();
    const std::vector<double> sign = side.to_vector<double>();
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = sign[i] < 0 ? -x[i] : x[i];
    return as_leaf(Tensor::from(x, shape));
  };
}

Draw integers(const Shape& shape, std::int64_t low, std::int64_t high) {
  return [=](RngStream& rng) { return random_integers(shape, low, high, rng.next()); };
}

Draw mask(const Shape& shape) {
  return [=](RngStream& rng) { return cast(random_integers(shape, 0, 2, rng.next()), DType::u8); };
}

Draw probabilities(const Shape& shape) {
  return [=](RngStream& rng) { return draw_uniform(shape, 0, 1, rng); };
}

OpCase make_case(const std::string& name, const std::vector<Draw>& inputs, DifferentiableFn function) {
  return {name,
          [inputs](RngStream& rng) {
            std::vector<Tensor> drawn;
            for (const Draw& draw : inputs) drawn.push_back(draw(rng));
            return drawn;
          },
          std::move(function)};
}

Tensor transposed(const Tensor& x) { return transpose(x, -2, -1); }
Tensor every_second(const Tensor& x) { return slice(x, -1, 0, x.dim(-1), 2); }
Tensor inner_columns(const Tensor& x) { return slice(x, -1, 1, -1); }

std::vector<OpCase> row_cases(const UnaryFn& op, const DrawShape& draw) {
  const auto plain = [op](const std::vector<Tensor>& in) { return op(in[0]); };
  return {
      make_case("plain [3, 7]", {draw({3, 7})}, plain),
      make_case("rank 4 [2, 3, 1, 5]", {draw({2, 3, 1, 5})}, plain),
      make_case("transposed [5, 3]", {draw({3, 5})},
                [op](const std::vector<Tensor>& in) { return op(transposed(in[0])); }),
      make_case("every second column of [4, 9]", {draw({4, 9})},
                [op](const std::vector<Tensor>& in) { return op(every_second(in[0])); }),
      make_case("size 1 [1, 1]", {draw({1, 1})}, plain),
      make_case("size 0 [0, 4]", {draw({0, 4})}, plain),
      make_case("larger [13, 67]", {draw({13, 67})}, plain),
  };
}

std::vector<OpCase> one_tensor_cases(const UnaryFn& op, const DrawShape& draw) {
  std::vector<OpCase> cases = row_cases(op, draw);
  cases.push_back(make_case("scalar []", {draw({})}, [op](const std::vector<Tensor>& in) { return op(in[0]); }));
  return cases;
}

}  // namespace aio
