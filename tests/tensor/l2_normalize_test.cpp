// l2_normalize kernels against the formula in double.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

constexpr double kEps = 1e-3;

void check_case(DType dtype, std::int64_t R, std::int64_t C, double size) {
  const DType wide = accumulator_of(dtype);
  const Buffer x = random(dtype, {R, C}, 1, -size, size), dy = random(dtype, {R, C}, 2);
  Buffer y(dtype, {R, C}), norm(wide, {R}), dx(dtype, {R, C});
  test::on_threads({&y, &norm, &dx}, [&] {
    kernels().l2_normalize_forward(y.view(), norm.view(), x.view(), kEps);
    kernels().l2_normalize_backward(dx.view(), dy.view(), y.view(), norm.view(), kEps);
  });

  const std::vector<double> v = x.values(), g = dy.values(), unit = y.values();
  std::vector<double> e_norm, e_y, e_dx;
  for (std::size_t row = 0; row < v.size(); row += static_cast<std::size_t>(C)) {
    double squares = 0, dot = 0;
    for (std::size_t i = row; i < row + static_cast<std::size_t>(C); ++i) {
      squares += v[i] * v[i];
      dot += g[i] * unit[i];
    }
    const double length = std::sqrt(squares);
    e_norm.push_back(length);
    for (std::size_t i = row; i < row + static_cast<std::size_t>(C); ++i) {
      e_y.push_back(v[i] / std::max(length, kEps));
      e_dx.push_back(length < kEps ? g[i] / kEps : (g[i] - unit[i] * dot) / length);
    }
  }
  test::check_close(norm, e_norm, test::rounding_bound(wide));  // observed f32 4e-15, f64 7e-32
  test::check_close(y, e_y, test::rounding_bound(dtype));       // 5e-15, 7e-32, bf16 4e-6
  test::check_close(dx, e_dx, test::rounding_bound(dtype));     // 4e-15, 7e-32, bf16 4e-6
}

TEST_CASE("l2_normalize: forward and backward equal the formula, above and below eps") {
  for (const DType dtype : test::kFloats) {
    for (const double size : {2.0, 2e-6}) {
      check_case(dtype, 3, 7, size);
      check_case(dtype, 300, 237, size);
      check_case(dtype, 2, 769, size);
      check_case(dtype, 0, 3, size);
    }
  }
}

TEST_CASE("l2_normalize: a zero row stays zero and passes dy / eps; NaN stays NaN") {
  const Buffer x(DType::f32, {2, 3}, {0, 0, 0, 1, NAN, 2}), dy(DType::f32, {2, 3}, {1, -2, 4, 1, 1, 1});
  const Buffer y(DType::f32, {2, 3}), norm(DType::f32, {2}), dx(DType::f32, {2, 3});
  kernels().l2_normalize_forward(y.view(), norm.view(), x.view(), 0.5);
  kernels().l2_normalize_backward(dx.view(), dy.view(), y.view(), norm.view(), 0.5);
  test::check_equal(y, {0, 0, 0, NAN, NAN, NAN});
  test::check_equal(dx, {2, -4, 8, NAN, NAN, NAN});
  CHECK(norm.at(0) == 0);
}

}  // namespace
}  // namespace aio
