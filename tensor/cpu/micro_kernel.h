#pragma once
// The register block under every product: C[MR, NV * W] (+)= A[MR, K] B[K, NV * W] with all of C in registers.
//
// 8 x 48 (MR = 8, NV = 3) on AVX-512 keeps 24 accumulators, 3 rows of B and one broadcast in 28 of 32 registers and
// reaches 0.87 to 0.95 of the FMA peak; 6 x 16 (MR = 6, NV = 2) is the AVX2 block with 16 registers.

#include <cstdint>

#include "tensor/cpu/simd.h"

namespace aio::cpu {

/// A(i, k) = a[i * row_stride + k * col_stride]; row k of B at b + k * ldb (NV * W elements); row i of C at c + i *
/// ldc. Each element of C is one chain of fused multiply-adds in the order of k, whatever MR and NV are.
template <class T, int MR, int NV>
[[gnu::always_inline]] inline void micro_kernel(std::int64_t K, const T* a, std::int64_t row_stride,
                                                std::int64_t col_stride, const T* b, std::int64_t ldb, T* c,
                                                std::int64_t ldc, bool accumulate) {
  using V = Vec<T>;
  V acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[i][j] = V::zero();
  }
  for (std::int64_t k = 0; k < K; ++k) {
    V row[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) row[j] = V::load(b + j * V::kWidth);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const V x = V::all(a[i * row_stride]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
    }
    a += col_stride;
    b += ldb;
  }
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      T* out = c + i * ldc + j * V::kWidth;
      (accumulate ? V::load(out) + acc[i][j] : acc[i][j]).store(out);
    }
  }
}

}  // namespace aio::cpu
