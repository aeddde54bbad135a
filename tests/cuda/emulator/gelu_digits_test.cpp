// GELU and its slope for results in bf16 (cuda/gelu.h): how far from the truth, on every bf16 number.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "cuda/gelu.h"

namespace aio::cuda {
namespace {

double true_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double true_slope(double x) { return true_cdf(x) + x * std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }

TEST_CASE("gelu and its slope to the digits of bf16") {
  double worst = 0, worst_slope = 0;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float x = bits_to_float(bits << 16);
    if (!(std::fabs(x) <= 13)) continue;
    const double y = x * true_cdf(x), error = std::fabs(gelu_as<bf16>(x) - y);
    if (y != 0) worst = std::max(worst, error / std::fabs(y));
    worst_slope = std::max(worst_slope, std::fabs(gelu_slope_as<bf16>(x) - true_slope(x)));
  }
  INFO(worst, " of gelu, ", worst_slope, " of the slope");
  CHECK(worst < 4e-5);  // half a step of bf16 is 2e-3
  CHECK(worst_slope < 4e-6);
}

TEST_CASE("gelu at the ends") {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::fabs(gelu_as<bf16>(-infinity)) < 1e-37F);
  CHECK(gelu_as<bf16>(infinity) == infinity);
  CHECK(std::isnan(gelu_as<bf16>(nan)));
  CHECK(std::fabs(gelu_slope_as<bf16>(-infinity)) < 1e-37F);
  CHECK(gelu_slope_as<bf16>(infinity) == 1);
  CHECK(std::isnan(gelu_slope_as<bf16>(nan)));
}

}  // namespace
}  // namespace aio::cuda
