// binary_cross_entropy kernels against the formula in double.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void check_case(const Buffer& x, const Buffer& target) {
  const DType dtype = x.dtype();
  const Buffer dloss = random(dtype, x.dims(), 3);
  Buffer loss(dtype, x.dims()), dx(dtype, x.dims());
  test::on_threads({&loss, &dx}, [&] {
    kernels().binary_cross_entropy_forward(loss.view(), x.view(), target.view());
    kernels().binary_cross_entropy_backward(dx.view(), dloss.view(), x.view(), target.view());
  });
  const std::vector<double> v = x.values(), t = target.values(), g = dloss.values();
  std::vector<double> e_loss, e_dx;
  for (std::size_t i = 0; i < v.size(); ++i) {
    e_loss.push_back(std::max(v[i], 0.0) - v[i] * t[i] + std::log1p(std::exp(-std::abs(v[i]))));
    e_dx.push_back(g[i] * ((1 - t[i]) * sigmoid(v[i]) - t[i] * sigmoid(-v[i])));
  }
  test::check_close(loss, e_loss, test::rounding_bound(dtype));  // observed f32 4e-15, f64 2e-32, bf16 3e-6
  test::check_close(dx, e_dx, test::rounding_bound(dtype));      // 7e-15, 4e-33, 7e-6
}

TEST_CASE("binary_cross_entropy: forward and backward equal the formula") {
  for (const DType dtype : test::kFloats) {
    for (const std::int64_t n : {0, 1, 7, 237, 30000})
      check_case(random(dtype, {n}, 1, -8, 8), random(dtype, {n}, 2, 0, 1));
    check_case(Buffer(dtype, {7}, {300, -300, 300, -300, 0, 88, -88}), Buffer(dtype, {7}, {1, 0, 0, 1, 0.5, 0, 1}));
  }
}

TEST_CASE("binary_cross_entropy: certain and right keeps its small loss and gradient") {
  // As p - t in f32 the gradient at x = 20, t = 1 would be 0, not -2e-9.
  const Buffer x(DType::f32, {2}, {20, -20}), t(DType::f32, {2}, {1, 0}), one(DType::f32, {2}, {1, 1});
  const Buffer loss(DType::f32, {2}), dx(DType::f32, {2});
  kernels().binary_cross_entropy_forward(loss.view(), x.view(), t.view());
  kernels().binary_cross_entropy_backward(dx.view(), one.view(), x.view(), t.view());
  const double p = std::exp(-20.0);
  test::check_close(loss, {std::log1p(p), std::log1p(p)}, 1e-13);
  test::check_close(dx, {-p / (1 + p), p / (1 + p)}, 1e-13);
}

TEST_CASE("binary_cross_entropy: NaN stays NaN") {
  const Buffer x(DType::f32, {2}, {NAN, 1}), t(DType::f32, {2}, {1, NAN}), one(DType::f32, {2}, {1, 1});
  const Buffer loss(DType::f32, {2}), dx(DType::f32, {2});
  kernels().binary_cross_entropy_forward(loss.view(), x.view(), t.view());
  kernels().binary_cross_entropy_backward(dx.view(), one.view(), x.view(), t.view());
  for (int i = 0; i < 2; ++i) CHECK((std::isnan(loss.at(i)) && std::isnan(dx.at(i))));
}

}  // namespace
}  // namespace aio
