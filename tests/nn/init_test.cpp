// Initial values have the distributions they claim.

#include "nn/init.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tensor/error.h"

using namespace aio;
using namespace aio::nn;

namespace {
struct Moments {
  double mean, stddev, low, high;
};
Moments moments(const Tensor& x) {
  double sum = 0, squares = 0, low = 1e9, high = -1e9;
  const auto all = x.to_vector<double>();
  for (const double v : all) {
    sum += v;
    squares += v * v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double n = static_cast<double>(all.size()), mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean), low, high};
}
}  // namespace

TEST_CASE("init: distributions") {
  // 200,000 draws: the mean's own deviation is stddev / 447, the stddev's stddev / 632; bounds are 4 of them.
  const Shape shape{200, 1000};
  const TensorOptions f64{DType::f64, {}};
  const Moments n = moments(make(Init::normal(0.02), shape, {1, 0, 0}, f64));
  CHECK(std::abs(n.mean) < 4 * 0.02 / 447);
  CHECK(n.stddev == doctest::Approx(0.02).epsilon(4.0 / 632));
  CHECK(n.high > 0.07);  // 3.5 standard deviations: not truncated

  // trunc_normal_(std = 0.02) keeps +-2, a hundred standard deviations: a plain normal.
  const Moments t = moments(make(Init::truncated_normal(0.02), shape, {2, 0, 0}, f64));
  CHECK(std::abs(t.mean) < 4 * 0.02 / 447);
  CHECK(t.stddev == doctest::Approx(0.02).epsilon(4.0 / 632));
  CHECK(t.high > 0.07);

  // trunc_normal_(std = 1) cuts at +-2: variance 1 - 4 phi(2) / (Phi(2) - Phi(-2)) = 0.77374, stddev 0.87963.
  const Moments cut = moments(make(Init::truncated_normal(1), shape, {3, 0, 0}, f64));
  CHECK(std::abs(cut.mean) < 4 * 0.88 / 447);
  CHECK(cut.stddev == doctest::Approx(0.87963).epsilon(4.0 / 632));
  CHECK(cut.low >= -2);
  CHECK(cut.high <= 2);
  CHECK(cut.high > 1.99);

  const Moments u = moments(make(Init::fan_in(16), shape, {4, 0, 0}, f64));
  CHECK(u.low >= -0.25);
  CHECK(u.high <= 0.25);
  CHECK(u.stddev == doctest::Approx(0.5 / std::sqrt(12.0)).epsilon(4.0 / 632));
  CHECK_THROWS_WITH_AS(Init::fan_in(0), doctest::Contains("fan_in is 0"), Error);
  CHECK(make(Init::constant(3), {2}, {}).to_vector<float>() == std::vector<float>{3, 3});
}
