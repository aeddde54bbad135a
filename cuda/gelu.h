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

}  // namespace aio::cuda
