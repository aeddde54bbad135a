// The vector functions against the C library in double, over the whole range; errors in units in the last place.
// Observed errors: with AVX-512's tables / with polynomials.

#include "tensor/cpu/vec_math.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace aio::cpu {
namespace {

using V = Vec<float>;

struct Worst {
  double ulp = 0, absolute = 0;
};

/// The largest errors of f at a million points of [low, high]; results below the smallest normal number do not count.
template <class F, class Reference>
Worst worst(float low, float high, F&& f, Reference&& reference) {
  constexpr int kPoints = 1 << 20;
  Worst result;
  for (int i = 0; i < kPoints; i += V::kWidth) {
    float x[V::kWidth], y[V::kWidth];
    for (int j = 0; j < V::kWidth; ++j)
      x[j] = low + (high - low) * static_cast<float>(i + j) / static_cast<float>(kPoints);
    f(V::load(x)).store(y);
    for (int j = 0; j < V::kWidth; ++j) {
      const double expected = reference(static_cast<double>(x[j]));
      if (std::abs(expected) < std::numeric_limits<float>::min()) continue;
      const auto nearest = std::abs(static_cast<float>(expected));
      const double ulp = static_cast<double>(std::nextafter(nearest, std::numeric_limits<float>::infinity()) - nearest);
      const double error = std::abs(static_cast<double>(y[j]) - expected);
      result.ulp = std::max(result.ulp, error / ulp);
      result.absolute = std::max(result.absolute, error);
    }
  }
  return result;
}

float at(V (*f)(V), float x) {
  float y[V::kWidth];
  f(V::all(x)).store(y);
  return y[V::kWidth - 1];
}

V vec_exp(V x) { return exp(x); }
V vec_tanh(V x) { return tanh(x); }
V vec_sigmoid(V x) { return sigmoid(x); }
V vec_gelu(V x) { return gelu(x); }
V vec_gelu_grad(V x) { return gelu_grad(x); }

double cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double density(double x) { return std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2; }

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST_CASE("vec_math: exp") {
  const auto reference = [](double x) { return std::exp(x); };
  CHECK(worst(-87.3f, 88.7f, vec_exp, reference).ulp < 1.2);  // observed 1.01 / 1.00
  CHECK(worst(-1, 1, vec_exp, reference).ulp < 1.2);          // observed 1.00 / 0.85
  CHECK(at(vec_exp, 0) == 1);
  CHECK(at(vec_exp, kInf) == kInf);
  CHECK(at(vec_exp, 88.8f) == kInf);
  CHECK(std::isfinite(at(vec_exp, 88.72f)));
  CHECK(at(vec_exp, -kInf) == 0);
  CHECK(at(vec_exp, -300) == 0);
  CHECK(at(vec_exp, -87.4f) == 0);  // no subnormal numbers
  CHECK(std::isnan(at(vec_exp, kNan)));
}

TEST_CASE("vec_math: tanh and sigmoid") {
  CHECK(worst(-9.5f, 9.5f, vec_tanh, [](double x) { return std::tanh(x); }).ulp < 2);             // observed 1.4 / 1.3
  CHECK(worst(-1e-3f, 1e-3f, vec_tanh, [](double x) { return std::tanh(x); }).ulp < 1);           // observed 0.5
  CHECK(worst(-80, 20, vec_sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }).ulp < 3.5);  // observed 3.1 / 2.4
  CHECK(at(vec_tanh, kInf) == 1);
  CHECK(at(vec_tanh, -kInf) == -1);
  CHECK(std::isnan(at(vec_tanh, kNan)));
  CHECK(at(vec_sigmoid, kInf) == 1);
  CHECK(at(vec_sigmoid, -kInf) == 0);
  CHECK(at(vec_sigmoid, 0) == 0.5f);
  CHECK(std::isnan(at(vec_sigmoid, kNan)));
}

TEST_CASE("vec_math: gelu and its slope") {
  const auto reference = [](double x) { return x * cdf(x); };
  CHECK(worst(-13, 1, vec_gelu, reference).absolute < 7e-7);  // observed 2.5e-7 / 6.2e-7
  CHECK(worst(-1, 0, vec_gelu, reference).ulp < 20);          // observed 12.6 / 9.7
  CHECK(worst(0, 100, vec_gelu, reference).ulp < 9);          // observed 5.5 / 5.2
  // Near -0.75 the slope crosses 0, hence an absolute bound.
  const auto slope = [](double x) { return cdf(x) + x * density(x); };
  CHECK(worst(-13, 13, vec_gelu_grad, slope).absolute < 7e-7);  // observed 4.3e-7 / 4.2e-7
  CHECK(at(vec_gelu, kInf) == kInf);
  CHECK(at(vec_gelu, -kInf) == 0);
  CHECK(std::isnan(at(vec_gelu, kNan)));
  CHECK(std::abs(at(vec_gelu_grad, kInf) - 1) < 2e-7);
  CHECK(std::abs(at(vec_gelu_grad, -kInf)) < 2e-7);
  CHECK(std::isnan(at(vec_gelu_grad, kNan)));
}

TEST_CASE("vec_math: double goes through the C library") {
  double x[Vec<double>::kWidth], y[Vec<double>::kWidth];
  for (int j = 0; j < Vec<double>::kWidth; ++j) x[j] = -3 + 0.77 * j;
  const Vec<double> v = Vec<double>::load(x);
  gelu(v).store(y);
  for (int j = 0; j < Vec<double>::kWidth; ++j) CHECK(std::abs(y[j] - x[j] * cdf(x[j])) < 1e-15);
  gelu_grad(v).store(y);
  for (int j = 0; j < Vec<double>::kWidth; ++j) CHECK(std::abs(y[j] - cdf(x[j]) - x[j] * density(x[j])) < 1e-15);
  log(exp(v)).store(y);
  for (int j = 0; j < Vec<double>::kWidth; ++j) CHECK(std::abs(y[j] - x[j]) < 1e-15);
}

}  // namespace
}  // namespace aio::cpu
