#pragma once
// exp, log, tanh, sigmoid and GELU on whole vector registers.
//
// Vec<float>: errors of 1 to 3 ulp, GELU's absolute (tests/tensor/vec_math_test.cpp has the numbers). exp, GELU and its
// slope by tables on AVX-512, else by polynomials: the last bits differ from one build to the other. log is the C
// library's, lane by lane. Vec<double>: the C library throughout, because f64 exists for gradient checks. NaN gives
// NaN; infinities give the limits. All coefficients are minimax fits.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/cpu/simd.h"
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#include "tensor/cpu/vec_math_tables.h"
#else
#include "tensor/cpu/vec_math_polynomials.h"
#endif

namespace aio::cpu {

/// f of every lane, one after the other.
template <class A, class F>
inline Vec<A> map_lanes(Vec<A> x, F&& f) {
  A lanes[Vec<A>::kWidth];
  x.store(lanes);
  for (A& lane : lanes) lane = f(lane);
  return Vec<A>::load(lanes);
}

// ---- exponential and logarithm --------------------------------------------------------------------------------------

inline Vec<double> exp(Vec<double> x) {
  return map_lanes(x, [](double v) { return std::exp(v); });
}

template <class A>
inline Vec<A> log(Vec<A> x) {
  return map_lanes(x, [](A v) { return std::log(v); });
}

// ---- tanh and the logistic function ---------------------------------------------------------------------------------

/// 1 - 2 / (e^(2|x|) + 1) with x's sign; below 0.625, where that cancels, an odd polynomial.
[[gnu::always_inline]] inline Vec<float> tanh(Vec<float> x) {
  using V = Vec<float>;
  const V a = abs(x);
  const V s = x * x;
  const V small =
      fma(x * s, polynomial(s, -0.3333328393f, 0.133314913f, -0.05374349923f, 0.02065059038f, -0.005717048f), x);
  const V large = V::all(1.0f) - V::all(2.0f) / (exp(a + a) + V::all(1.0f));
  return select_less(a, V::all(0.625f), small, select_less(x, V::zero(), V::zero() - large, large));
}
inline Vec<double> tanh(Vec<double> x) {
  return map_lanes(x, [](double v) { return std::tanh(v); });
}

template <class A>
[[gnu::always_inline]] inline Vec<A> sigmoid(Vec<A> x) {
  const Vec<A> one = Vec<A>::all(1);
  return one / (one + exp(Vec<A>::zero() - x));
}

// ---- GELU -----------------------------------------------------------------------------------------------------------

inline Vec<double> gelu(Vec<double> x) {
  return map_lanes(x, [](double v) { return std::max(v, -40.0) * 0.5 * std::erfc(v * -(0.5 * std::numbers::sqrt2)); });
}

inline Vec<double> gelu_grad(Vec<double> x) {
  return map_lanes(x, [](double v) {
    const double inside = std::min(std::max(v, -40.0), 40.0);  // inf * 0 otherwise; NaN stays in the first operand
    return 0.5 * std::erfc(inside * -(0.5 * std::numbers::sqrt2)) +
           inside * std::exp(-0.5 * inside * inside) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
  });
}

}  // namespace aio::cpu
