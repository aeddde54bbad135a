// Does gradcheck find wrong gradients? Each planted error is one that has been made in earnest somewhere.

#include "autograd/gradcheck.h"

#include <doctest/doctest.h>

#include <cmath>

#include "graph_helpers.h"
#include "tensor/storage.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

namespace {

using Backward = Tensor (*)(const Tensor& dy, const Tensor& x);

/// An op of one input whose backward is the test's to get wrong.
struct PlantedNode : Node {
  PlantedNode(const Tensor& x, Backward backward_fn) : Node("planted"), x_(*this, x), backward_(backward_fn) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {backward_(grads[0], x_.get())}; }
  SavedTensor x_;
  Backward backward_;
};

template <class Forward>
DifferentiableFn planted(Forward forward, Backward wrong) {
  return [=](const std::vector<Tensor>& in) {
    Tensor y;
    {
      const NoGrad no_grad;
      y = forward(in[0]);
    }
    return record<PlantedNode>(y, {in[0]}, in[0], wrong);
  };
}

Tensor input(const Shape& shape, std::uint32_t call = 0) {
  return leaf(normal(shape, 0, 1, RngKey{7, 0, call}, {DType::f64}));
}

Tensor square(const Tensor& x) { return mul(x, x); }

}  // namespace

TEST_CASE("right gradients pass") {
  CHECK(gradcheck(planted(square, [](const Tensor& dy, const Tensor& x) { return scale(mul(dy, x), 2); }),
                  {input({3, 5})})
            .ok);
  const auto f = [](const std::vector<Tensor>& in) { return mul(tanh(in[0]), add(in[1], in[0])); };
  const GradcheckResult result = gradcheck(f, {input({4, 3}), input({3}, 1)});
  CHECK(result.ok);
  CHECK(result.message.empty());
  CHECK(result.max_rel_error > 0);
  CHECK(result.max_rel_error < 1e-8);  // observed 1e-10
}

TEST_CASE("planted: wrong sign, factor two") {
  const GradcheckResult sign =
      gradcheck(planted(square, [](const Tensor& dy, const Tensor& x) { return scale(mul(dy, x), -2); }), {input({3})});
  CHECK(!sign.ok);
  CHECK(sign.max_rel_error == doctest::Approx(2).epsilon(1e-3));
  CHECK(sign.message.find("input 0 f64[3], element [") != std::string::npos);
  CHECK(sign.message.find("backward says") != std::string::npos);
  CHECK(!gradcheck(planted(square, [](const Tensor& dy, const Tensor& x) { return mul(dy, x); }), {input({3})}).ok);
}

TEST_CASE("planted: one element wrong by one part in 10^5") {
  const auto wrong = [](const Tensor& dy, const Tensor& x) {
    const Tensor dx = scale(mul(dy, x), 2);
    dx.data<double>()[dx.numel() - 1] *= 1 + 1e-5;
    return dx;
  };
  CHECK(!gradcheck(planted(square, wrong), {leaf({1, 1, 1, 1})}).ok);
}

TEST_CASE("planted: softmax without its row sum, which an all-ones cotangent cannot see") {
  // dx = y (dy - sum(y dy)). With dy = 1 the true gradient is 0, and so is y (dy - sum(y)): the two agree.
  const auto forward = [](const Tensor& x) { return softmax(x); };
  const auto wrong = [](const Tensor& dy, const Tensor& x) {
    const Tensor y = softmax(x);
    return mul(y, sub(dy, sum(y, {-1}, true)));
  };
  const DifferentiableFn f = planted(forward, wrong);
  const Tensor x = input({3, 4});
  const Tensor blind = leaf(raw::clone(x));
  backward(sum(f({blind})));
  for (const double v : grad_of(blind)) CHECK(std::abs(v) < 1e-15);  // what an all-ones check would compare with 0
  CHECK(!gradcheck(f, {x}).ok);
}

TEST_CASE("planted: missing broadcast reduction") {
  // y = x + table, x [3] broadcast to [4, 3]: the gradient must be summed over the rows.
  const auto forward = [](const Tensor& x) { return add(x, Tensor::zeros({4, 3}, {DType::f64})); };
  const GradcheckResult shape =
      gradcheck(planted(forward, [](const Tensor& dy, const Tensor&) { return dy; }), {input({3})});
  CHECK(!shape.ok);
  CHECK(shape.message.find("planted: gradient is f64[4, 3], expected f64[3]") != std::string::npos);
  // The same hidden by taking one row instead of the sum.
  CHECK(
      !gradcheck(planted(forward, [](const Tensor& dy, const Tensor&) { return select(dy, 0, 0); }), {input({3})}).ok);
}

TEST_CASE("planted: stale saved tensor") {
  // The op saves its output, then finishes it in place through a raw pointer, which raises no version.
  struct StaleNode : Node {
    explicit StaleNode(const Tensor& kept) : Node("stale"), kept_(raw::clone(kept)) {}
    std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {mul(grads[0], kept_)}; }
    Tensor kept_;
  };
  const auto stale = [](const std::vector<Tensor>& in) {
    Tensor y, early;
    {
      const NoGrad no_grad;
      y = exp(in[0]);
      early = raw::clone(y);
      for (std::int64_t i = 0; i < y.numel(); ++i) y.data<double>()[i] *= 1.5;
    }
    return record<StaleNode>(y, {in[0]}, early);  // d(1.5 e^x) = 1.5 e^x dx, kept without the 1.5
  };
  CHECK(!gradcheck(stale, {input({5})}).ok);

  // With an in-place write that raises the version, backward itself refuses.
  const auto overwritten = [](const std::vector<Tensor>& in) {
    const Tensor y = exp(in[0]);
    raw::axpby_(y, 0.5, raw::clone(y), 1);
    return y;
  };
  const GradcheckResult result = gradcheck(overwritten, {input({5})});
  CHECK(!result.ok);
  CHECK(result.message.find("exp: a saved output") != std::string::npos);
}

TEST_CASE("planted: a backward that reads a strided gradient as packed") {
  const auto wrong = [](const Tensor& dy, const Tensor&) {
    const Tensor dx = Tensor::empty(dy.shape(), dy.options());
    const double* in = dy.data<double>();
    for (std::int64_t i = 0; i < dx.numel(); ++i) dx.data<double>()[i] = 3 * in[i];
    return dx;
  };
  const auto triple = [](const Tensor& x) { return scale(x, 3); };
  const GradcheckResult result = gradcheck(planted(triple, wrong), {input({2, 3})});
  CHECK(!result.ok);
  CHECK(result.message.find("strided output gradient") != std::string::npos);
}

TEST_CASE("planted: a forward that reads a strided input as packed") {
  const auto packed = [](const std::vector<Tensor>& in) {
    return scale(raw::reshape(in[0], in[0].shape()).is_contiguous() ? in[0] : add_scalar(in[0], 1), 2);
  };
  const Tensor strided = leaf(raw::transpose(normal({3, 4}, 0, 1, RngKey{1}, {DType::f64}), 0, 1));
  const GradcheckResult result = gradcheck(packed, {strided});
  CHECK(!result.ok);
  CHECK(result.message.find("packed copies of the inputs give another output") != std::string::npos);
}

TEST_CASE("planted: nan, a forgotten history, an input changed in place") {
  const auto nan = [](const Tensor& dy, const Tensor&) { return scale(dy, std::nan("")); };
  const GradcheckResult result = gradcheck(planted(square, nan), {input({3})});
  CHECK(!result.ok);
  CHECK(std::isnan(result.max_rel_error));

  const auto forgotten = [](const std::vector<Tensor>& in) { return mul(detach(in[0]), detach(in[0])); };
  CHECK(gradcheck(forgotten, {input({3})}).message.find("does not require grad") != std::string::npos);

  const auto writes = [](const std::vector<Tensor>& in) {
    const Tensor y = scale(in[0], 2);
    raw::axpby_(in[0], 0, raw::clone(in[0]), 1);
    return y;
  };
  CHECK(gradcheck(writes, {input({3})}).message.find("input 0 was changed in place") != std::string::npos);
}

TEST_CASE("inputs keep values and gradients; views, samples, constants and empty tensors are fine") {
  const Tensor x = input({6, 4});
  const Tensor view = leaf(raw::slice(raw::transpose(detach(x), 0, 1), 1, 1, 6, 2));
  const Tensor ids = Tensor::from(std::vector<std::int64_t>{1, 0}, {2});
  const Values before = values_of(x);
  set_grad(x, Tensor::full({6, 4}, 5, {DType::f64}));
  const auto f = [](const std::vector<Tensor>& in) { return matmul(embedding(in[0], in[2]), mul(in[1], in[1])); };
  GradcheckOptions options;
  options.max_elements = 10;
  const GradcheckResult result = gradcheck(f, {x, view, ids}, options);
  INFO(result.message);
  CHECK(result.ok);
  CHECK(values_of(x) == before);
  CHECK(grad_of(x) == Values(24, 5.0));
  CHECK(!grad_touched(x));
  CHECK(x.version() == 0);

  CHECK(gradcheck([](const std::vector<Tensor>& in) { return square(in[0]); }, {input({0, 3})}).ok);
  CHECK(gradcheck([](const std::vector<Tensor>& in) { return square(in[0]); }, {input({})}).ok);
}

TEST_CASE("misuse of gradcheck") {
  const auto f = [](const std::vector<Tensor>& in) { return square(in[0]); };
  EXPECT_ERROR(gradcheck(f, {leaf(Tensor::zeros({3}))}), dtype, "gradcheck: input 0 is f32[3], expected f64");
  EXPECT_ERROR(gradcheck(f, {Tensor::zeros({3}, {DType::f64})}), value,
               "gradcheck: none of the 1 inputs requires grad");
  EXPECT_ERROR(gradcheck(f, {Tensor{}}), value, "gradcheck: input 0 is undefined");
}
