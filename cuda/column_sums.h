#pragma once
// Sums over the rows of matrices: y_k[o, c] = sum_r term_k(o, r, c), K sums at a time in one pass over the data.
//
// Rows are cut into chunks whose number depends on the shape only. A block sums a chunk of kWarp N columns: its eight
// warps take every eighth row, then their sums are added first to last; so are the chunks'. No atomics: same bits
// always.

#include <algorithm>

#include "cuda/map.h"
#include "cuda/scratch.h"

namespace aio::cuda {

inline constexpr int kColumnWarps = 8;

/// partial [K, outer, chunks, C]. `terms(o, r, c, t)` sets t[k][j] to the terms of columns c + j; N divides C.
template <int K, int N, class Terms>
__global__ void __launch_bounds__(kWarp* kColumnWarps)
    column_partials(float* partial, std::int64_t outer, std::int64_t rows, std::int64_t C, std::int64_t chunk_rows,
                    Terms terms) {
  AIO_SHARED(float, sums, kColumnWarps* kWarp* N);
  const std::int64_t c = (block_id() * kWarp + lane_id()) * N;
  const int warp = static_cast<int>(threadIdx.y);
  const std::int64_t chunk = blockIdx.y, chunks = gridDim.y;
  const std::int64_t first = chunk * chunk_rows, last = first + chunk_rows < rows ? first + chunk_rows : rows;
  for (std::int64_t o = blockIdx.z; o < outer; o += gridDim.z) {
    float sum[K][N] = {};
    if (c < C) {
      for (std::int64_t r = first + warp; r < last; r += kColumnWarps) {
        float t[K][N];
        terms(o, r, c, t);
#pragma unroll
        for (int k = 0; k < K; ++k)
#pragma unroll
          for (int j = 0; j < N; ++j) sum[k][j] += t[k][j];
      }
    }
#pragma unroll
    for (int k = 0; k < K; ++k) {
#pragma unroll
      for (int j = 0; j < N; ++j) sums[(warp * N + j) * kWarp + lane_id()] = sum[k][j];
      __syncthreads();
      if (warp == 0 && c < C) {
#pragma unroll
        for (int j = 0; j < N; ++j) {
          float total = 0;
          for (int w = 0; w < kColumnWarps; ++w) total += sums[(w * N + j) * kWarp + lane_id()];
          partial[((k * outer + o) * chunks + chunk) * C + c + j] = total;
        }
      }
      __syncthreads();
    }
  }
}

/// y[o, c] = sum_k x[o, k, c], first to last, k < n, c < C; `total` of y, then as many of `second` from the x after
/// them. A thread a column, for few terms: over frames, over classes, over chunks.
template <class T, class X>
__global__ void __launch_bounds__(kMapThreads)
    sum_few(T* y, T* second, const X* x, std::int64_t total, std::int64_t n, std::int64_t C) {
  const std::int64_t i = global_thread_id();
  if (i >= (second == nullptr ? total : 2 * total)) return;
  const X* const first = x + i / C * n * C + i % C;
  float sum = 0;
  for (std::int64_t k = 0; k < n; ++k) sum += to_float(first[k * C]);
  *(i < total ? y + i : second + (i - total)) = from_float<T>(sum);
}

/// y[k] [outer, C]; `terms` is a functor with the signature above and static constexpr int kTerms = K.
template <int N, class T, class Terms>
void column_sums(const char* name, Stream stream, Allocator& allocator, T* const (&y)[Terms::kTerms],
                 std::int64_t outer, std::int64_t rows, std::int64_t C, Terms terms) {
  constexpr int K = Terms::kTerms;
  static_assert(K <= 2);
  if (outer * C == 0) return;
  // At least 64 rows a chunk, at most 128 chunks: with 6 blocks of columns (C = 768) that is 6 blocks a multiprocessor.
  const std::int64_t chunk_rows = std::max<std::int64_t>(64, (rows + 127) / 128);
  const std::int64_t chunks = std::max<std::int64_t>(1, (rows + chunk_rows - 1) / chunk_rows);
  const Scratch scratch(allocator, static_cast<std::size_t>(K * outer * chunks * C) * sizeof(float));
  float* const partial = scratch.as<float>();
  const Grid grid{{blocks_for(C, kWarp * N), static_cast<unsigned>(chunks),
                   static_cast<unsigned>(std::min<std::int64_t>(outer, 65535))},
                  {kWarp, kColumnWarps}};
  launch(name, stream, grid, column_partials<K, N, Terms>, partial, outer, rows, C, chunk_rows, terms);
  launch(name, stream, map_grid(K * outer * C, 1), sum_few<T, float>, y[0], K == 2 ? y[K - 1] : nullptr, partial,
         outer * C, chunks, C);
}

}  // namespace aio::cuda
