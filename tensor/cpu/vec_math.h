#pragma once
// exp, log, tanh, sigmoid, the normal distribution and GELU on whole vector registers.
//
// Vec<float>: polynomials, errors of 1 to 3 ulp (tests/tensor/vec_math_test.cpp has the numbers). Vec<double>: the C
// library lane by lane, because f64 exists for gradient checks. NaN gives NaN; infinities give the limits.
// The polynomials are minimax fits in relative error (Remez exchange at 40 digits).

#include <cmath>
#include <numbers>

#include "tensor/cpu/simd.h"

namespace aio::cpu {

/// c0 + c1 x + c2 x^2 + ... by Horner's rule.
template <class A, class... Rest>
[[gnu::always_inline]] inline Vec<A> polynomial(Vec<A> x, A c0, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return Vec<A>::all(c0);
  } else {
    return fma(polynomial(x, rest...), x, Vec<A>::all(c0));
  }
}

/// f of every lane, one after the other.
template <class A, class F>
inline Vec<A> map_lanes(Vec<A> x, F&& f) {
  A lanes[Vec<A>::kWidth];
  x.store(lanes);
  for (A& lane : lanes) lane = f(lane);
  return Vec<A>::load(lanes);
}

// ---- exponential and logarithm --------------------------------------------------------------------------------------

/// e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln(2) / 2; ln 2 is split in two (Cody and Waite) so that r is exact
/// to the last bit. Exactly 0 below the smallest normal number (subnormals cost 100 cycles), inf from 88.73 on.
[[gnu::always_inline]] inline Vec<float> exp(Vec<float> x) {
  using V = Vec<float>;
  const V lowest = V::all(-87.33654f);                          // log(2^-126)
  const V bounded = min(V::all(89.0f), max(lowest, x));         // the second operand of min and max wins if it is NaN
  const V n = round(bounded * V::all(1.442695041f));            // 1 / ln 2
  const V high = fnma(n, V::all(0.693145751953125f), bounded);  // 15 bits: n * high is exact
  const V r = fnma(n, V::all(1.428606820e-6f), high);
  const V q = polynomial(r, 0.4999999345f, 0.1666652063f, 0.04166838805f, 0.008368716878f, 0.001381459853f);
  const V y = V::all(1.0f) + fma(r * r, q, r);
  return select_less(x, lowest, V::zero(), ldexp(y, n));
}
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

// ---- the normal distribution and GELU -------------------------------------------------------------------------------

/// Of a standard normal distribution at t = |x|, bounded where the tail underflows: e = exp(-t^2 / 2) and
/// tail = Phi(-t). By symmetry that is all GELU needs.
template <class A>
struct NormalTail {
  Vec<A> t, e, tail;
};

/// Phi(-t) = exp(-t^2 / 2) R(t) with a slowly falling R, from 1/2 to 0.03 at t = 13.5, where Phi(-t) underflows: in
/// q = (t - 2.5) / (t + 2.5) a polynomial of degree 8 has a relative error of 7e-8. (2.5 is the best centre for this
/// degree: 2.375 and 2.625 give 2e-7.) So the tail keeps its leading digits, unlike with 1 - erf.
[[gnu::always_inline]] inline NormalTail<float> normal_tail(Vec<float> x) {
  using V = Vec<float>;
  const V t = min(V::all(14.0f), abs(x));  // NaN stays NaN
  const V q = (t - V::all(2.5f)) / (t + V::all(2.5f));
  const V ratio = polynomial(q, 0.1413313408f, -0.2280698028f, 0.1131352425f, -0.02454813754f, -0.005118664246f,
                             0.002942227398f, 0.0008019401753f, -0.0003306534326f, -0.0001562504612f);
  const V half = V::all(-0.5f) * t;
  const V exponent = half * t;
  const V lost = fnma(half, t, exponent);  // the rounding of t^2 / 2, which exp would magnify
  const V rounded = exp(exponent);
  const V e = fnma(rounded, lost, rounded);
  return {t, e, e * ratio};
}
inline NormalTail<double> normal_tail(Vec<double> x) {
  const Vec<double> t = min(Vec<double>::all(40), abs(x));
  return {t, map_lanes(t, [](double v) { return std::exp(-0.5 * v * v); }),
          map_lanes(t, [](double v) { return 0.5 * std::erfc(v * (0.5 * std::numbers::sqrt2)); })};
}

/// x Phi(x) = max(x, 0) - t Phi(-t).
template <class A>
[[gnu::always_inline]] inline Vec<A> gelu(Vec<A> x) {
  const NormalTail<A> n = normal_tail(x);
  return fnma(n.t, n.tail, max(Vec<A>::zero(), x));
}

/// d/dx x Phi(x) = Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi): for negative x it is
/// u = Phi(-t) - t phi(t), for positive x 1 - u.
template <class A>
[[gnu::always_inline]] inline Vec<A> gelu_grad(Vec<A> x) {
  const NormalTail<A> n = normal_tail(x);
  const Vec<A> u = fnma(n.t * Vec<A>::all(A(0.3989422804014327)), n.e, n.tail);  // 1 / sqrt(2 pi)
  return select_less(x, Vec<A>::zero(), u, Vec<A>::all(1) - u);
}

}  // namespace aio::cpu
