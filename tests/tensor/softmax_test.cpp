// softmax and log_softmax kernels against the formula in double.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::check_close;
using test::kernels;
using test::random;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> log_softmax(const Buffer& x) {
  std::vector<double> y = x.values();
  const auto C = static_cast<std::size_t>(x.dims().back());
  for (std::size_t row = 0; row < y.size(); row += C) {
    const double max = *std::max_element(&y[row], &y[row] + C);
    double sum = 0;
    for (std::size_t c = 0; c < C; ++c) sum += std::exp(y[row + c] - max);
    for (std::size_t c = 0; c < C; ++c) y[row + c] -= max + std::log(sum);
  }
  return y;
}

/// From y: softmax dx = y (dy - sum dy y), log_softmax dx = dy - exp(y) sum dy.
std::vector<double> backward(const Buffer& dy_buffer, const Buffer& y_buffer, bool log) {
  const std::vector<double> dy = dy_buffer.values(), y = y_buffer.values();
  const auto C = static_cast<std::size_t>(y_buffer.dims().back());
  std::vector<double> dx(y.size());
  for (std::size_t row = 0; row < y.size(); row += C) {
    double sum = 0;
    for (std::size_t i = row; i < row + C; ++i) sum += log ? dy[i] : dy[i] * y[i];
    for (std::size_t i = row; i < row + C; ++i) dx[i] = log ? dy[i] - std::exp(y[i]) * sum : y[i] * (dy[i] - sum);
  }
  return dx;
}

TEST_CASE("softmax, log_softmax: forward and backward equal the formula, on any number of threads") {
  const struct { std::int64_t R, C; } shapes[] = {{5, 2}, {3, 7}, {200, 237}, {2, 769}, {1, 30522}, {0, 4}, {4, 0}};
  for (const DType dtype : test::kFloats) {
    for (const auto& [R, C] : shapes) {
      const double bound = test::rounding_bound(dtype);
      const Buffer x = random(dtype, {R, C}, 1, -6, 6), dy = random(dtype, {R, C}, 2);
      Buffer y(dtype, {R, C}), dx(dtype, {R, C}), log_y(dtype, {R, C}), log_dx(dtype, {R, C});
      test::on_threads({&y, &dx, &log_y, &log_dx}, [&] {
        kernels().softmax_forward(y.view(), x.view());
        kernels().softmax_backward(dx.view(), dy.view(), y.view());
        kernels().log_softmax_forward(log_y.view(), x.view());
        kernels().log_softmax_backward(log_dx.view(), dy.view(), log_y.view());
      });
      const std::vector<double> expected = log_softmax(x);
      std::vector<double> probabilities = expected;
      for (double& p : probabilities) p = std::exp(p);
      check_close(y, probabilities, bound);                   // observed f32 2e-14, f64 4e-29, bf16 3e-6
      check_close(dx, backward(dy, y, false), bound);         // 8e-15, 1e-32, 7e-6
      check_close(log_y, expected, bound);                    // 1e-15, 2e-31, 3e-6
      check_close(log_dx, backward(dy, log_y, true), bound);  // 2e-15, 2e-32, 2e-6

      const Buffer in_place = x;
      kernels().softmax_forward(in_place.view(), in_place.view());
      CHECK((in_place.bytes() == y.bytes()));
    }
  }
}

TEST_CASE("softmax, log_softmax: one column is certain") {
  const Buffer x(DType::f32, {3, 1}, {-300, 0, 300}), y(DType::f32, {3, 1}), log_y(DType::f32, {3, 1});
  kernels().softmax_forward(y.view(), x.view());
  kernels().log_softmax_forward(log_y.view(), x.view());
  test::check_equal(y, {1, 1, 1});
  test::check_equal(log_y, {0, 0, 0});
}

TEST_CASE("softmax, log_softmax: extreme rows") {
  for (const DType dtype : test::kFloats) {
    CAPTURE(to_string(dtype));
    // Each row of 20 columns (more than one vector): the listed values, then -inf.
    const std::vector<std::vector<double>> starts = {{1, -kInf, 1}, {300, -300, 0}, {-300, -300}, {},
                                                     {0, kInf, 1},  {0, kNaN, 1},   {kNaN}};
    std::vector<double> values;
    for (std::vector<double> row : starts) {
      row.resize(20, -kInf);
      values.insert(values.end(), row.begin(), row.end());
    }
    const Buffer x(dtype, {7, 20}, values), y(dtype, {7, 20}), log_y(dtype, {7, 20});
    kernels().softmax_forward(y.view(), x.view());
    kernels().log_softmax_forward(log_y.view(), x.view());
    CHECK(y.at(0) == 0.5);
    CHECK(y.at(1) == 0);  // exactly: a masked key must not leak
    CHECK(y.at(19) == 0);
    CHECK(log_y.at(1) == -kInf);
    CHECK(y.at(20) == 1);
    CHECK(y.at(21) <= 1e-260);  // exp(-600) is a number in f64
    CHECK(log_y.at(20) == 0);
    CHECK(log_y.at(21) == -600);
    CHECK(log_y.at(22) == -300);
    CHECK(y.at(40) == 0.5);
    for (std::int64_t i = 60; i < 140; ++i) CHECK((std::isnan(y.at(i)) && std::isnan(log_y.at(i))));
  }
}

}  // namespace
}  // namespace aio
