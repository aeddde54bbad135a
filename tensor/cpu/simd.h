#pragma once
// Vec<T>: one vector register of float or double, as wide as the build allows (AVX-512, AVX2, else 16 bytes).
// Kernels are written once against it. bf16 is load-convert-store: Vec<float>::load(const bf16*).
//
//   Vec<float> v = Vec<float>::load(p);      load_n(p, n): the first n lanes, zero elsewhere (n <= kWidth)
//   v.store(p);  v.store_n(p, n);            fma(a, b, c) = a * b + c, fnma(a, b, c) = c - a * b, one rounding each
//   v.sum(), v.max()                         over lanes, in a fixed order
//   max(a, b), min(a, b)                     b where either is NaN, as the instructions have it
//   round(a), ldexp(a, n), select_less(a, b, x, y) = a < b ? x : y

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#include "tensor/cpu/simd_avx512.h"
#elif defined(__AVX2__) && defined(__FMA__)
#include "tensor/cpu/simd_avx2.h"
#else
#include "tensor/cpu/simd_generic.h"
#endif

#include "tensor/dtype.h"

namespace aio::cpu {

/// The register type in which storage type T is computed: Vec<float> for float and bf16, Vec<double> for double.
template <class T>
using VecOf = Vec<accumulator_t<T>>;

/// body(i, n) for i = 0, W, 2W, ... < count with n = W, and once for the rest with n < W.
template <int W, class Body>
inline void for_lanes(std::int64_t count, Body&& body) {
  std::int64_t i = 0;
  for (; i + W <= count; i += W) body(i, W);
  if (i < count) body(i, static_cast<int>(count - i));
}

/// c0 + c1 x + c2 x^2 + ... by Horner's rule.
template <class A, class... Rest>
[[gnu::always_inline]] inline Vec<A> polynomial(Vec<A> x, A c0, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return Vec<A>::all(c0);
  } else {
    return fma(polynomial(x, rest...), x, Vec<A>::all(c0));
  }
}

/// Sum of x[0..n) in accumulator precision: four vectors of partial sums, then lanes; the order depends on n only.
template <class T>
inline accumulator_t<T> sum_row(const T* x, std::int64_t n) {
  using V = VecOf<T>;
  constexpr int W = V::kWidth;
  V s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
  std::int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
    s0 = s0 + V::load(x + i);
    s1 = s1 + V::load(x + i + W);
    s2 = s2 + V::load(x + i + 2 * W);
    s3 = s3 + V::load(x + i + 3 * W);
  }
  for (; i + W <= n; i += W) s0 = s0 + V::load(x + i);
  if (i < n) s1 = s1 + V::load_n(x + i, static_cast<int>(n - i));
  return ((s0 + s1) + (s2 + s3)).sum();
}

}  // namespace aio::cpu
