#pragma once
// What one head of attention is made of: strided rows in, panels and products, masked softmax rows.
//
// Scratch matrices are of accumulator type A (f32 for f32 and bf16, f64 for f64) and padded with zeros: their rows to
// whole register tiles, their columns to whole vectors. So the loops below have no tails.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tensor/cpu/attention_plan.h"
#include "tensor/cpu/micro_kernel.h"
#include "tensor/cpu/transpose.h"
#include "tensor/cpu/vec_math.h"

namespace aio::cpu {

// ---- in and out -----------------------------------------------------------------------------------------------------

/// y [padded, ldy] = factor * x [rows, D], zeros elsewhere.
template <class T, class A>
void load_rows(A* y, std::int64_t ldy, std::int64_t padded, HeadRows<const T> x, std::int64_t rows, std::int64_t D,
               double factor) {
  using V = Vec<A>;
  const V f = V::all(static_cast<A>(factor));
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* in = x.row(i);
    A* out = y + i * ldy;
    for_lanes<V::kWidth>(D, [&](std::int64_t c, int n) { (f * V::load_n(in + c, n)).store(out + c); });
  }
  std::fill(y + rows * ldy, y + padded * ldy, A(0));
}

/// y [rows, D] = factor * x [rows, ldx].
template <class T, class A>
void store_rows(HeadRows<T> y, const A* x, std::int64_t ldx, std::int64_t rows, std::int64_t D, double factor) {
  using V = Vec<A>;
  const V f = V::all(static_cast<A>(factor));
  for (std::int64_t i = 0; i < rows; ++i) {
    const A* in = x + i * ldx;
    T* out = y.row(i);
    for_lanes<V::kWidth>(D, [&](std::int64_t c, int n) { (f * V::load(in + c)).store_n(out + c, n); });
  }
}

template <class T>
void zero_rows(HeadRows<T> y, std::int64_t rows, std::int64_t D) {
  for (std::int64_t i = 0; i < rows; ++i) std::fill_n(y.row(i), D, T(0));
}

/// y [W, W] = x^T.
template <class A>
inline void transpose_block(A* y, std::int64_t ldy, const A* x, std::int64_t ldx) {
  using V = Vec<A>;
  constexpr int W = V::kWidth;
  V r[W];
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) r[i] = V::load(x + i * ldx);
  transpose(r);
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) r[i].store(y + i * ldy);
}

/// panels [cols / kPanel, depth, kPanel] = x^T, x [cols, depth]: the rows of a panel come to lie side by side, so a
/// product reads them as vectors.
template <class A>
void pack_panels(A* panels, const A* x, std::int64_t cols, std::int64_t depth) {
  using Tile = AttentionTile<A>;
  for (std::int64_t j = 0; j < cols; j += Tile::kWidth) {
    A* out = panels + j / Tile::kPanel * Tile::kPanel * depth + j % Tile::kPanel;
    for (std::int64_t c = 0; c < depth; c += Tile::kWidth) {
      transpose_block(out + c * Tile::kPanel, Tile::kPanel, x + j * depth + c, depth);
    }
  }
}

// ---- products -------------------------------------------------------------------------------------------------------

/// C [rows, vectors * W] (+)= A [rows, K] B [K, vectors * W], A(i, k) = a[i * row_stride + k * col_stride]. Rows are
/// rounded up to whole tiles: A and C have them.
template <class A>
void tile_product(std::int64_t rows, std::int64_t K, const A* a, std::int64_t row_stride, std::int64_t col_stride,
                  const A* b, std::int64_t ldb, std::int64_t vectors, A* c, std::int64_t ldc, bool accumulate,
                  RowPrefetch& ahead) {
  using Tile = AttentionTile<A>;
  for (std::int64_t i = 0; i < rows; i += Tile::kRows) {
    const A* ai = a + i * row_stride;
    A* ci = c + i * ldc;
    std::int64_t j = 0;
    for (; j + Tile::kVectors <= vectors; j += Tile::kVectors) {
      micro_kernel<A, Tile::kRows, Tile::kVectors>(K, ai, row_stride, col_stride, b + j * Tile::kWidth, ldb,
                                                   ci + j * Tile::kWidth, ldc, accumulate);
      ahead.advance();
    }
    if (j < vectors) {
      micro_kernel<A, Tile::kRows, 1>(K, ai, row_stride, col_stride, b + j * Tile::kWidth, ldb, ci + j * Tile::kWidth,
                                      ldc, accumulate);
    }
  }
}

/// S [rows, cols] = Q [rows, depth] K^T, K^T in panels; cols is a multiple of W.
template <class A>
void panel_product(std::int64_t rows, std::int64_t depth, const A* q, const A* panels, std::int64_t cols, A* s,
                   std::int64_t lds, RowPrefetch& ahead) {
  using Tile = AttentionTile<A>;
  for (std::int64_t j = 0; j < cols; j += Tile::kPanel, panels += Tile::kPanel * depth) {
    const std::int64_t vectors = std::min<std::int64_t>(Tile::kVectors, (cols - j) / Tile::kWidth);
    tile_product<A>(rows, depth, q, depth, 1, panels, Tile::kPanel, vectors, s + j, lds, false, ahead);
  }
}

/// C [rows, ldb] = A [rows, K] B [K, ldb], A row-major, ldb = vectors * W. 96 rows of B at a time: 24 KiB for D = 64,
/// so they stay in L1 while all rows of A pass.
template <class A>
void chunked_product(std::int64_t rows, std::int64_t K, const A* a, std::int64_t lda, const A* b, std::int64_t ldb,
                     std::int64_t vectors, A* c, RowPrefetch& ahead) {
  constexpr std::int64_t kChunk = 96;
  std::int64_t k = 0;
  do {
    tile_product<A>(rows, std::min(kChunk, K - k), a + k, lda, 1, b + k * ldb, ldb, vectors, c, ldb, k > 0, ahead);
    k += kChunk;
  } while (k < K);
}

// ---- softmax of a row -----------------------------------------------------------------------------------------------

/// s = exp(s - max) in place; sum over the row and log-sum-exp.
template <class A>
struct SoftmaxRow {
  A sum, lse;
  SoftmaxRow(A* s, std::int64_t cols) {
    using V = Vec<A>;
    V largest = V::load(s);
    for (std::int64_t j = V::kWidth; j < cols; j += V::kWidth) largest = max(largest, V::load(s + j));
    const A top = largest.max();
    const V offset = V::all(top);
    V total = V::zero();
    for (std::int64_t j = 0; j < cols; j += V::kWidth) {
      const V e = exp(V::load(s + j) - offset);
      e.store(s + j);
      total = total + e;
    }
    sum = total.sum();
    lse = top + std::log(sum);
  }
};

/// <a, b> over D elements.
template <class T>
accumulator_t<T> dot(const T* a, const T* b, std::int64_t D) {
  using V = VecOf<T>;
  V sum = V::zero();
  for_lanes<V::kWidth>(D, [&](std::int64_t c, int n) { sum = fma(V::load_n(a + c, n), V::load_n(b + c, n), sum); });
  return sum.sum();
}

/// p = exp(s - lse) and ds = p (dp - delta) in place of s and dp.
template <class A>
void softmax_row_backward(A* s, A* dp, std::int64_t cols, A lse, A delta) {
  using V = Vec<A>;
  const V offset = V::all(lse);
  const V d = V::all(delta);
  for (std::int64_t j = 0; j < cols; j += V::kWidth) {
    const V p = exp(V::load(s + j) - offset);
    p.store(s + j);
    (p * (V::load(dp + j) - d)).store(dp + j);
  }
}

}  // namespace aio::cpu
