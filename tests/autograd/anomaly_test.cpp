// AnomalyMode names the first op that made an inf or a nan.

#include <doctest/doctest.h>

#include <cmath>

#include "graph_helpers.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

TEST_CASE("the first output that is not finite") {
  const Tensor x = leaf({1, 2, 0, 0});
  CHECK(!std::isfinite(sum(mul(log(x), x)).item()));  // silent without the mode
  const AnomalyMode anomaly;
  EXPECT_ERROR(sum(mul(log(x), x)), value, "log: an output f64[4] is not finite (-inf at element 2, 2 of 4 elements)");
  const NoGrad no_grad;
  EXPECT_ERROR(log(x), value, "log: an output");  // recorded or not
}

TEST_CASE("the first gradient that is not finite") {
  const Tensor x = leaf({0, 4});
  const AnomalyMode anomaly;
  const Tensor y = sum(scale(sqrt(scale(x, 1)), 3));  // finite forward, 1 / (2 sqrt(0)) backward
  EXPECT_ERROR(backward(y), value, "sqrt: the gradient of an input f64[2] is not finite (inf at element 0, 1 of 2");
  CHECK(!grad(x).defined());
  EXPECT_ERROR(backward(scale(x, 1), constant({NAN, 0})), value, "backward: the given gradient f64[2] is not finite");
}

TEST_CASE("a gradient that would be added in place is seen too") {
  const Tensor x = constant({INFINITY, 1}, {1, 2});
  const Tensor w = leaf(constant({0, 1}, {1, 2}));
  const Tensor bias = leaf(Values{1});
  set_grad(w, constant({0, 0}, {1, 2}));
  Tensor y;
  y = mul(linear(x, w, bias), constant({1}, {1, 1}));
  const AnomalyMode anomaly;
  EXPECT_ERROR(backward(y, constant({1}, {1, 1})), value, "linear: the gradient of an input f64[1, 2] is not finite");
  CHECK(grad_of(w) == Values{0, 0});
}

TEST_CASE("inside a checkpoint the op is named, not the checkpoint") {
  const Tensor x = leaf({0, 4});
  const CheckpointFn logs = [](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    return {scale(log(in[0]), 2)};
  };
  const CheckpointFn roots = [](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    return {scale(sqrt(in[0]), 2)};
  };
  RngStream rng(1);
  const AnomalyMode anomaly;
  EXPECT_ERROR(checkpoint(logs, {x}, rng), value, "log: an output f64[2] is not finite");
  const Tensor y = sum(checkpoint(roots, {x}, rng)[0]);
  EXPECT_ERROR(backward(y), value, "sqrt: the gradient of an input f64[2] is not finite");
}

TEST_CASE("the mode ends with its guard") {
  const Tensor x = leaf(Values{0});
  { const AnomalyMode anomaly; }
  CHECK(std::isinf(log(x).item()));
}
