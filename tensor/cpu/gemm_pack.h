#pragma once
// Packing: copies a block of an operand into the order in which the micro-kernel reads it, converting bf16 to f32.

#include <algorithm>
#include <utility>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/micro_kernel.h"

namespace aio::cpu {

/// x becomes its transpose: log2(W) rounds, each of which swaps the off-diagonal blocks of size `s` of pairs of rows.
template <class V>
[[gnu::always_inline]] inline void transpose(V (&x)[V::kWidth]) {
  constexpr int W = V::kWidth;
#if defined(__AVX2__)
  const auto round = [&]<int s, int... lane>(std::integral_constant<int, s>, std::integer_sequence<int, lane...>) {
#pragma GCC unroll 16
    for (int i = 0; i < W; ++i) {
      if ((i & s) != 0) continue;
      const auto a = x[i].v, b = x[i + s].v;
      x[i].v = __builtin_shufflevector(a, b, ((lane & s) != 0 ? W + (lane ^ s) : lane)...);
      x[i + s].v = __builtin_shufflevector(a, b, ((lane & s) != 0 ? W + lane : (lane ^ s))...);
    }
  };
  constexpr auto lanes = std::make_integer_sequence<int, W>();
  if constexpr (W >= 16) round(std::integral_constant<int, 8>(), lanes);
  if constexpr (W >= 8) round(std::integral_constant<int, 4>(), lanes);
  round(std::integral_constant<int, 2>(), lanes);
  round(std::integral_constant<int, 1>(), lanes);
#else
  using T = decltype(x[0].sum());
  T rows[W][W], column[W];
  for (int i = 0; i < W; ++i) x[i].store(rows[i]);
  for (int i = 0; i < W; ++i) {
    for (int j = 0; j < W; ++j) column[j] = rows[j][i];
    x[i] = V::load(column);
  }
#endif
}

/// out[k * kCols + j] = B(k, j) for one panel of up to kCols columns; columns up to the next whole vector are zero.
template <class S>
inline void pack_b_panel(const Matrix<const S>& b, accumulator_t<S>* out) {
  using T = accumulator_t<S>;
  using V = Vec<T>;
  constexpr int W = V::kWidth;
  constexpr std::int64_t kCols = RegisterBlock<T>::kCols;
  if (b.col_stride == 1) {
    for (std::int64_t k = 0; k < b.rows; ++k) {
      const S* row = b.at(k, 0);
      for_lanes<W>(b.cols, [&](std::int64_t j, int n) { V::load_n(row + j, n).store(out + k * kCols + j); });
    }
  } else if (b.row_stride == 1) {
    for (std::int64_t j = 0; j < b.cols; j += W) {
      const auto columns = static_cast<int>(std::min<std::int64_t>(W, b.cols - j));
      for_lanes<W>(b.rows, [&](std::int64_t k, int n) {
        V x[W];
#pragma GCC unroll 16
        for (int q = 0; q < W; ++q) x[q] = q < columns ? V::load_n(b.at(k, j + q), n) : V::zero();
        transpose(x);
#pragma GCC unroll 16
        for (int q = 0; q < W; ++q) {
          if (q < n) x[q].store(out + (k + q) * kCols + j);
        }
      });
    }
  } else {
    for (std::int64_t k = 0; k < b.rows; ++k) {
      for (std::int64_t j = 0; j < (b.cols + W - 1) / W * W; ++j) {
        out[k * kCols + j] = j < b.cols ? static_cast<T>(*b.at(k, j)) : T(0);
      }
    }
  }
}

/// out[i * K + k] = A(i, k): rows in f32 for the kernel that reads A by rows.
template <class S>
inline void widen_rows(const Matrix<const S>& a, accumulator_t<S>* out) {
  using V = VecOf<S>;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for_lanes<V::kWidth>(a.cols,
                         [&](std::int64_t k, int n) { V::load_n(a.at(i, k), n).store_n(out + i * a.cols + k, n); });
  }
}

/// Strips of kRows rows, out[strip][k][i] = A(strip * kRows + i, k); rows of the last strip beyond A are not written.
template <class S>
inline void pack_a_strips(const Matrix<const S>& a, accumulator_t<S>* out) {
  using T = accumulator_t<S>;
  constexpr std::int64_t kRows = RegisterBlock<T>::kRows;
  for (std::int64_t k = 0; k < a.cols; ++k) {
    for (std::int64_t first = 0; first < a.rows; first += kRows) {
      T* to = out + first * a.cols + k * kRows;
      const S* from = a.at(first, k);
      const std::int64_t rows = std::min(kRows, a.rows - first);
      if (rows == kRows && a.row_stride == 1) {
        for (std::int64_t i = 0; i < kRows; ++i) to[i] = static_cast<T>(from[i]);
      } else {
        for (std::int64_t i = 0; i < rows; ++i) to[i] = static_cast<T>(from[i * a.row_stride]);
      }
    }
  }
}

}  // namespace aio::cpu
