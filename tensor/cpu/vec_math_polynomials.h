#pragma once
// exp, GELU and GELU's slope by one polynomial each: for vectors without a fast table lookup. See vec_math.h.

#include "tensor/cpu/simd.h"

namespace aio::cpu {

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

/// 1/2 + x P(x^2), where P is a polynomial in u = 2 (x / bound)^2 - 1 and |x| is cut at bound. The normal distribution
/// function and GELU's slope minus 1/2 are odd and level off, so both have this form: no exp, no division, which makes
/// GELU as fast as the memory. The price is the lower tail: its error is absolute, that of a formula with erf in f32.
template <class... Coefficients>
[[gnu::always_inline]] inline Vec<float> odd_sigmoid(Vec<float> x, float bound, Coefficients... coefficients) {
  using V = Vec<float>;
  const V cut = min(V::all(bound), max(V::all(-bound), x));  // the second operand wins if it is NaN
  const V u = fma(cut * V::all(2 / (bound * bound)), cut, V::all(-1.0f));
  return fma(cut, polynomial(u, coefficients...), V::all(0.5f));
}

/// x Phi(x), Phi the standard normal distribution function; absolute error 6e-7, relative 8e-7 from -1 on.
[[gnu::always_inline]] inline Vec<float> gelu(Vec<float> x) {
  using V = Vec<float>;
  constexpr float kBound = 5.4f;  // where x Phi(-x) is 2e-7
  const V phi = odd_sigmoid(x, kBound, 0.130928129f, -0.06532798707f, 0.04849940166f, -0.03920932487f, 0.03212102875f,
                            -0.02572182938f, 0.01960878633f, -0.01406482793f, 0.009786757641f, -0.006515198387f,
                            0.003408045508f, -0.001373292878f, 0.001099286717f, -0.0009620164637f, 0.0003156387538f);
  return max(V::all(-kBound), x) * min(V::all(1.0f), max(V::zero(), phi));
}

/// d/dx x Phi(x) = Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi); absolute error 6e-7.
[[gnu::always_inline]] inline Vec<float> gelu_grad(Vec<float> x) {
  constexpr float kBound = 5.8f;  // where the slope is 1 to 1.3e-7
  return odd_sigmoid(x, kBound, 0.1219987154f, -0.06165698916f, 0.04863844067f, -0.04622180387f, 0.05010249093f,
                     -0.05734536052f, 0.06559830159f, -0.07215183228f, 0.06757260114f, -0.05156670883f, 0.04879512638f,
                     -0.05400379002f, 0.02852278575f, 0.001916103298f, 0.004615923855f, -0.01480802707f,
                     0.006200921722f);
}

}  // namespace aio::cpu
