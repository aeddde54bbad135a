#pragma once
// GELU and its slope of one element, for gelu.cu and the products' epilogues.

#include "cuda/gpu.h"

namespace aio::cuda {

/// Phi(x) = erfc(-x / sqrt(2)) / 2: keeps its digits where 1 + erf would cancel.
__device__ inline float normal_cdf(float x) { return 0.5F * erfcf(-0.7071067811865476F * x); }

/// x Phi(x); gelu(-inf) = 0.
__device__ inline float gelu(float x) { return x < -14.0F ? 0.0F : x * normal_cdf(x); }  // Phi(-14) = 8e-45: 0 in f32

/// Phi(x) + x phi(x).
__device__ inline float gelu_slope(float x) {
  const float density = 0.3989422804F * expf(-0.5F * x * x);  // 1 / sqrt(2 pi)
  return normal_cdf(x) + (density == 0 ? 0.0F : x * density);
}

// ---- to the digits of bf16
// A quarter of the instructions of those above and no branch: a product's end should not take longer than the product.

/// Phi(x), to 2e-5 of it for x >= -13, and phi(x) sqrt(2 pi) = exp(-x^2 / 2); |x| <= 14.
/// Phi(-|x|) exp(x^2 / 2) is a polynomial in t = 1 / (1 + 0.31 |x|) to 5e-6 of it (fitted to the largest relative
/// error).
__device__ inline float normal_cdf_to_bf16(float x, float& density) {
  const float size = fabsf(x), t = reciprocal_approx(fmaf(0.31F, size, 1.0F));
  float p = fmaf(-0.07393136F, t, 0.18045644F);
  p = fmaf(p, t, 0.01573848F);
  p = fmaf(p, t, 0.13343271F);
  p = fmaf(p, t, 0.12044067F);
  p = fmaf(p, t, 0.12386075F);
  density = exp2_approx(-0.7213475204F * x * x);  // log2(e) / 2
  const float below = p * t * density;
  return x < 0 ? below : 1 - below;
}

/// gelu(x) for results in T.
template <class T>
__device__ inline float gelu_as(float x) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return gelu(x);
  } else {
    const float bounded = x < -14.0F ? -14.0F : x;
    float density;
    return bounded * normal_cdf_to_bf16(bounded, density);
  }
}

/// gelu_slope(x) for results in T.
template <class T>
__device__ inline float gelu_slope_as(float x) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return gelu_slope(x);
  } else {
    const float low = x < -14.0F ? -14.0F : x, bounded = low > 14.0F ? 14.0F : low;
    float density;
    const float cdf = normal_cdf_to_bf16(bounded, density);
    return fmaf(0.3989422804F * bounded, density, cdf);
  }
}

}  // namespace aio::cuda
