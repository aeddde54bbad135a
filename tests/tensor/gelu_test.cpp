// GELU kernels against x Phi(x) and its derivative in double.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

double cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double gelu(double x) { return x * cdf(x); }
double gelu_slope(double x) {
  return cdf(x) + x * std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

TEST_CASE("gelu: both directions against the formula, odd sizes, all dtypes") {
  for (const DType dtype : kFloats) {
    for (const std::int64_t n : {0, 1, 7, 237, 769, 40001}) {
      const Buffer x = random(dtype, {n}, 1, -6, 6), dy = random(dtype, {n}, 2);
      Buffer y(dtype, {n}), dx(dtype, {n});
      on_threads({&y}, [&] { kernels().gelu_forward(y.view(), x.view()); });
      check_close(y, map(x, gelu), rounding_bound(dtype));  // observed: see kernel_test.h
      on_threads({&dx}, [&] { kernels().gelu_backward(dx.view(), dy.view(), x.view()); });
      std::vector<double> expected = map(x, gelu_slope);
      for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] *= dy.at(i);
      check_close(dx, expected, rounding_bound(dtype));
    }
  }
}

TEST_CASE("gelu: the gradient may overwrite dy") {
  const Buffer x = random(DType::f32, {300}, 1, -6, 6), dy = random(DType::f32, {300}, 2);
  Buffer dx(DType::f32, {300}), in_place(DType::f32, {300});
  kernels().gelu_backward(dx.view(), dy.view(), x.view());
  on_threads(
      {&in_place}, [&] { kernels().gelu_backward(in_place.view(), in_place.view(), x.view()); },
      [&] { in_place = dy; });
  CHECK(in_place.bytes() == dx.bytes());
}

TEST_CASE("gelu: extreme values have the limits, NaN stays NaN") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : kFloats) {
    const Buffer x(dtype, {7}, {inf, -inf, nan, 300, -300, 0, -1e30});
    const Buffer dy(dtype, {7}, {1, 1, 1, 1, 1, 1, 1});
    Buffer y(dtype, {7}), dx(dtype, {7});
    kernels().gelu_forward(y.view(), x.view());
    kernels().gelu_backward(dx.view(), dy.view(), x.view());
    check_equal(y, {inf, 0, nan, 300, 0, 0, 0});
    check_close(dx, {1, 0, nan, 1, 0, 0.5, 0}, rounding_bound(dtype));
  }
}

}  // namespace
}  // namespace aio::test
