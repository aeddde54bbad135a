#pragma once
// Packing: copies a block of an operand into the order in which the micro-kernel reads it, converting bf16 to f32.

#include <algorithm>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/micro_kernel.h"
#include "tensor/cpu/transpose.h"

namespace aio::cpu {

/// Panels of kCols columns, out[panel][k][j] = B(k, panel * kCols + j); the last panel is zero up to a whole vector.
/// Rows of B are read from end to end, several panels wide: one panel at a time, every row of it would be a new page.
template <class S>
inline void pack_b_rows(const Matrix<const S>& b, accumulator_t<S>* out) {
  using V = VecOf<S>;
  constexpr std::int64_t kCols = RegisterBlock<accumulator_t<S>>::kCols;
  for (std::int64_t k = 0; k < b.rows; ++k) {
    const S* row = b.at(k, 0);
    for (std::int64_t panel = 0; panel < b.cols; panel += kCols) {
      auto* to = out + panel * b.rows + k * kCols;
      for_lanes<V::kWidth>(std::min(kCols, b.cols - panel),
                           [&](std::int64_t j, int n) { V::load_n(row + panel + j, n).store(to + j); });
    }
  }
}

/// The same for one panel of a B whose columns are contiguous (the weight of a linear layer, read as its transpose).
template <class S>
inline void pack_b_transposed(const Matrix<const S>& b, accumulator_t<S>* out) {
  using V = VecOf<S>;
  constexpr int W = V::kWidth;
  constexpr std::int64_t kCols = RegisterBlock<accumulator_t<S>>::kCols;
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
}

/// The same for one panel of any strides.
template <class S>
inline void pack_b_strided(const Matrix<const S>& b, accumulator_t<S>* out) {
  using T = accumulator_t<S>;
  constexpr std::int64_t W = Vec<T>::kWidth, kCols = RegisterBlock<T>::kCols;
  for (std::int64_t k = 0; k < b.rows; ++k) {
    for (std::int64_t j = 0; j < (b.cols + W - 1) / W * W; ++j) {
      out[k * kCols + j] = j < b.cols ? static_cast<T>(*b.at(k, j)) : T(0);
    }
  }
}

template <class S>
inline void pack_b(const Matrix<const S>& b, accumulator_t<S>* out) {
  constexpr std::int64_t kCols = RegisterBlock<accumulator_t<S>>::kCols;
  if (b.col_stride == 1) return pack_b_rows(b, out);
  for (std::int64_t j = 0; j < b.cols; j += kCols) {
    const Matrix<const S> panel{b.at(0, j), b.rows, std::min(kCols, b.cols - j), b.row_stride, b.col_stride};
    if (b.row_stride == 1) {
      pack_b_transposed(panel, out + j * b.rows);
    } else {
      pack_b_strided(panel, out + j * b.rows);
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

/// One strip of up to kRows rows, out[k][i] = A(i, k); rows beyond A are not written.
template <class S>
inline void pack_a_strip(const Matrix<const S>& a, accumulator_t<S>* out) {
  using T = accumulator_t<S>;
  constexpr std::int64_t kRows = RegisterBlock<T>::kRows;
  for (std::int64_t k = 0; k < a.cols; ++k) {
    for (std::int64_t i = 0; i < a.rows; ++i) out[k * kRows + i] = static_cast<T>(*a.at(i, k));
  }
}

/// Strips of kRows rows, out[strip][k][i] = A(strip * kRows + i, k), of an A whose columns are contiguous (dY read as
/// its transpose). kStrips of them at a time: the lines that are read are used whole, while the lines that are written
/// stay in the L1 cache (all strips at a time, 2^13 bytes apart, would fall into the same few sets: 1.5 ns an element).
template <class S>
inline void pack_a_strips(const Matrix<const S>& a, accumulator_t<S>* out) {
  using T = accumulator_t<S>;
  constexpr std::int64_t kRows = RegisterBlock<T>::kRows, kStrips = 8, kAhead = 32;
  std::int64_t row = 0;
  for (; a.row_stride == 1 && row + kStrips * kRows <= a.rows; row += kStrips * kRows) {
    for (std::int64_t k = 0; k < a.cols; ++k) {
      const S* from = a.at(row, k);
#pragma GCC unroll 8
      for (std::int64_t strip = 0; strip < kStrips; ++strip) {
        // Rows of dY lie too far apart for the CPU to guess the next.
        __builtin_prefetch(from + kAhead * a.col_stride + strip * kRows);
        T* to = out + (row + strip * kRows) * a.cols + k * kRows;
#pragma GCC unroll 8
        for (std::int64_t i = 0; i < kRows; ++i) to[i] = static_cast<T>(from[strip * kRows + i]);
      }
    }
  }
  for (; row < a.rows; row += kRows) {
    pack_a_strip(Matrix<const S>{a.at(row, 0), std::min(kRows, a.rows - row), a.cols, a.row_stride, a.col_stride},
                 out + row * a.cols);
  }
}

}  // namespace aio::cpu
