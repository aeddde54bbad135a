#pragma once
// The register block under every product: C[MR, NV * W] (+)= A[MR, K] B[K, NV * W] with all of C in registers.
//
// 8 x 48 (MR = 8, NV = 3) on AVX-512 keeps 24 accumulators, 3 rows of B and one broadcast in 28 of 32 registers and
// reaches 0.87 to 0.95 of the FMA peak; 6 x 16 (MR = 6, NV = 2) is the AVX2 block with 16 registers.

#include <cstdint>

#include "tensor/cpu/simd.h"

namespace aio::cpu {

/// The largest block that fits the registers: kRows x (kVectors * W) elements of C.
template <class T>
struct RegisterBlock {
#if defined(__AVX512F__)
  static constexpr int kRows = 8, kVectors = 3;
#elif defined(__AVX2__)
  static constexpr int kRows = 6, kVectors = 2;
#else
  static constexpr int kRows = 4, kVectors = 2;  // 16 registers, and two instructions for a multiply-add
#endif
  static constexpr int kCols = kVectors * Vec<T>::kWidth;
};

/// A(i, k) = a[i * row_stride + k * col_stride]; row k of B at b + k * ldb (NV * W elements); row i of C at c + i *
/// ldc, of whose last vector only the first `lanes` elements (1..W) are read or written. C = alpha * A B, plus C if
/// `accumulate`. Each element of A B is one chain of fused multiply-adds in the order of k, whatever MR and NV are.
template <class T, int MR, int NV>
[[gnu::always_inline]] inline void micro_kernel(std::int64_t K, const T* a, std::int64_t row_stride,
                                                std::int64_t col_stride, const T* b, std::int64_t ldb, T* c,
                                                std::int64_t ldc, T alpha, int lanes, bool accumulate) {
  using V = Vec<T>;
  constexpr int W = V::kWidth;
  V acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[i][j] = V::zero();
  }
  if (accumulate) {  // C may be far away: it arrives while the products are summed
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) __builtin_prefetch(c + i * ldc + j * W, 1);
    }
  }
  for (std::int64_t k = 0; k < K; ++k) {
    V row[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) row[j] = V::load(b + j * W);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const V x = V::all(a[i * row_stride]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
    }
    a += col_stride;
    b += ldb;
  }
  const V scale = V::all(alpha);
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      T* out = c + i * ldc + j * W;
      const int n = j + 1 < NV ? W : lanes;
      (accumulate ? fma(scale, acc[i][j], V::load_n(out, n)) : scale * acc[i][j]).store_n(out, n);
    }
  }
}

/// The same with whole vectors and alpha = 1.
template <class T, int MR, int NV>
[[gnu::always_inline]] inline void micro_kernel(std::int64_t K, const T* a, std::int64_t row_stride,
                                                std::int64_t col_stride, const T* b, std::int64_t ldb, T* c,
                                                std::int64_t ldc, bool accumulate) {
  micro_kernel<T, MR, NV>(K, a, row_stride, col_stride, b, ldb, c, ldc, T(1), Vec<T>::kWidth, accumulate);
}

}  // namespace aio::cpu
