#pragma once
// The whole gradient of layer normalisation in one pass over dy and x, where a row fits a warp's registers.
//
// A block has a chunk of rows, whose number depends on R only; a warp takes every eighth of them and holds a row of dy
// and x, and the sums of dgamma and dbeta over its rows. The warps' sums are added first to last, then the chunks'.

#include <algorithm>

#include "cuda/column_sums.h"
#include "cuda/dropout_mask.h"

namespace aio::cuda {

inline constexpr int kNormWarps = 8;

/// C = 32 N V. partial [2, chunks, C]: the terms of dgamma, then of dbeta. `added` (as dx, or null) goes on top of dx,
/// whose memory it may be; `dropped` (or null) = dropout(dx).
template <int N, int V, class T>
__global__ void __launch_bounds__(kWarp* kNormWarps, 1)
    layer_norm_backward_rows(T* dx, float* partial, const T* dy, const T* x, const float* mean, const float* rstd,
                             const float* gamma, const T* added, T* dropped, DropoutFactors mask, std::int64_t R,
                             std::int64_t chunk_rows) {
  constexpr int kColumns = kWarp * N * V;
  AIO_SHARED(float, sums, kNormWarps* kColumns);
  const int warp = thread_id() / kWarp;
  const std::int64_t first = block_id() * chunk_rows, end = first + chunk_rows < R ? first + chunk_rows : R;
  float scale[V][N], dgamma[V][N] = {}, dbeta[V][N] = {};
#pragma unroll
  for (int v = 0; v < V; ++v) load_vector(scale[v], gamma + (v * kWarp + lane_id()) * N);

  for (std::int64_t r = first + warp; r < end; r += kNormWarps) {
    const float m = mean[r], s = rstd[r];
    float w[V][N], h[V][N], sum_w = 0, sum_wh = 0;
#pragma unroll
    for (int v = 0; v < V; ++v) {
      const std::int64_t at = r * kColumns + (v * kWarp + lane_id()) * N;
      load_vector(h[v], x + at);
      load_vector(w[v], dy + at);
#pragma unroll
      for (int j = 0; j < N; ++j) {
        h[v][j] = (h[v][j] - m) * s;
        dgamma[v][j] = fmaf(w[v][j], h[v][j], dgamma[v][j]);
        dbeta[v][j] += w[v][j];
        w[v][j] *= scale[v][j];
        sum_w += w[v][j];
        sum_wh = fmaf(w[v][j], h[v][j], sum_wh);
      }
    }
    const float mean_w = warp_sum(sum_w) / kColumns, mean_wh = warp_sum(sum_wh) / kColumns;
#pragma unroll
    for (int v = 0; v < V; ++v) {
      const std::int64_t at = r * kColumns + (v * kWarp + lane_id()) * N;
#pragma unroll
      for (int j = 0; j < N; ++j) w[v][j] = s * fmaf(-h[v][j], mean_wh, w[v][j] - mean_w);
      if (added != nullptr) {
        load_vector(h[v], added + at);
#pragma unroll
        for (int j = 0; j < N; ++j) w[v][j] += h[v][j];
      }
      store_vector(dx + at, w[v]);
      if (dropped != nullptr) {
        mask.get(h[v], at);
#pragma unroll
        for (int j = 0; j < N; ++j) h[v][j] = drop(h[v][j], to_float(from_float<T>(w[v][j])));
        store_vector(dropped + at, h[v]);
      }
    }
  }

#pragma unroll
  for (int k = 0; k < 2; ++k) {
    __syncthreads();  // the last sums are used up
#pragma unroll
    for (int v = 0; v < V; ++v) {
#pragma unroll
      for (int j = 0; j < N; ++j)
        sums[warp * kColumns + (v * kWarp + lane_id()) * N + j] = k == 0 ? dgamma[v][j] : dbeta[v][j];
    }
    __syncthreads();
    for (int c = thread_id(); c < kColumns; c += kWarp * kNormWarps) {
      float total = 0;
      for (int i = 0; i < kNormWarps; ++i) total += sums[i * kColumns + c];
      partial[(k * static_cast<std::int64_t>(gridDim.x) + block_id()) * kColumns + c] = total;
    }
  }
}

/// body.operator()<N, V>() where C = 32 N V with few V: false if C has another form.
template <class Body>
bool dispatch_norm_columns(std::int64_t C, Body&& body) {
  switch (C) {
    case 64: return body.template operator()<2, 1>(), true;
    case 128: return body.template operator()<4, 1>(), true;
    case 192: return body.template operator()<2, 3>(), true;
    case 256: return body.template operator()<8, 1>(), true;
    case 384: return body.template operator()<4, 3>(), true;
    case 512: return body.template operator()<8, 2>(), true;
    case 768: return body.template operator()<8, 3>(), true;
    case 1024: return body.template operator()<8, 4>(), true;
    default: return false;
  }
}

/// Rows of a chunk: at most 256 chunks, two blocks a multiprocessor.
inline std::int64_t norm_chunk_rows(std::int64_t R) { return std::max<std::int64_t>(32, (R + 255) / 256); }

}  // namespace aio::cuda
