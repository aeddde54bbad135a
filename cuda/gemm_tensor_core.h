#pragma once
// A product on tensor cores (mma.sync m16n8k16, bf16, sums in f32) whose sums go to a functor before they are stored:
// for what a library's epilogues do not have.
//
// A block computes 128 x 128 of C, each of its eight warps 32 x 64 in registers, or 128 x 96, whichever leaves less of
// the last block empty. Pieces of A and B, 32 of K at a time,
// come through three buffers in shared memory, filled in the background two steps ahead. At the end the sums pass
// through shared memory, half of the columns at a time, so that a thread has eight neighbours of a row.
//
// Order: a sum runs over K in steps of 16, from first to last; it does not depend on the grid.

#include "cuda/gpu.h"

namespace aio::cuda {

inline constexpr int kGemmTile = 128;  // rows of C, and its columns at most
inline constexpr int kGemmDepth = 32;
inline constexpr int kGemmStages = 3;
inline constexpr int kGemmThreads = 256;
inline constexpr int kGemmByDepth = kGemmDepth + 8;  // a row of 32 elements of K, 16 bytes off the banks of the next
inline constexpr int kGemmPiece = kGemmTile * kGemmByDepth;  // the larger of both layouts

/// A bf16 matrix; element (i, k) of A is data[i * stride + k]; (k, j) of B is data[j * stride + k], or
/// data[k * stride + j] if B's columns are neighbours.
struct TensorCoreOperand {
  const bf16* data = nullptr;
  std::int64_t stride = 0;
};

/// kLines lines of 32 elements of K; lines from `lines` on repeat the last one.
template <int kLines>
__device__ inline void load_by_depth(SharedPointer<bf16> to, const TensorCoreOperand& from, std::int64_t first,
                                     std::int64_t lines, std::int64_t k) {
  for (int i = thread_id(); i < kLines * kGemmDepth / 8; i += kGemmThreads) {
    const int row = i / (kGemmDepth / 8), column = i % (kGemmDepth / 8) * 8;
    const std::int64_t line = first + row < lines ? first + row : lines - 1;
    cp_async16(to + (row * kGemmByDepth + column), from.data + line * from.stride + k + column);
  }
}

/// 32 lines of K of kColumns columns, 8 apart from a multiple of the banks; columns from `columns` on repeat the last
/// eight.
template <int kColumns>
__device__ inline void load_by_column(SharedPointer<bf16> to, const TensorCoreOperand& from, std::int64_t first,
                                      std::int64_t columns, std::int64_t k) {
  for (int i = thread_id(); i < kColumns * kGemmDepth / 8; i += kGemmThreads) {
    const int row = i / (kColumns / 8), column = i % (kColumns / 8) * 8;
    const std::int64_t at = first + column < columns ? first + column : columns - 8;
    cp_async16(to + (row * (kColumns + 8) + column), from.data + (k + row) * from.stride + at);
  }
}

/// finish(t, i, j) gets the sums of A B at row i, columns j .. j + 7. K is a multiple of 32, N of 8; addresses and
/// strides are multiples of 16 bytes.
template <int kColumns, bool kByColumn, class Finish>
__global__ void __launch_bounds__(kGemmThreads)
    gemm_tensor_core_kernel(TensorCoreOperand a, TensorCoreOperand b, std::int64_t M, std::int64_t N, std::int64_t K,
                            Finish finish) {
  constexpr int kHalf = kColumns / 2, kBlocks = kHalf / 8;  // of a warp: columns, and pieces of 8 of them
  AIO_DYNAMIC_SHARED(bf16, memory);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * kGemmTile,
                     first_column = block_id() * kColumns;
  const int warp = thread_id() / kWarp, lane = lane_id();
  const int row = warp % 4 * 32, column = warp / 4 * kHalf;  // of this warp, in the tile
  const auto piece = [&](int stage, int operand) { return memory + (stage * 2 + operand) * kGemmPiece; };
  const auto load = [&](std::int64_t step) {
    if (step * kGemmDepth < K) {
      const int stage = static_cast<int>(step % kGemmStages);
      load_by_depth<kGemmTile>(piece(stage, 0), a, first_row, M, step * kGemmDepth);
      if constexpr (kByColumn) {
        load_by_column<kColumns>(piece(stage, 1), b, first_column, N, step * kGemmDepth);
      } else {
        load_by_depth<kColumns>(piece(stage, 1), b, first_column, N, step * kGemmDepth);
      }
    }
    cp_async_commit();  // of nothing, at the end: the count of groups stays that of steps
  };

  float sums[2][kBlocks][4] = {};
  load(0);
  load(1);
  for (std::int64_t step = 0; step * kGemmDepth < K; ++step) {
    cp_async_wait<1>();
    __syncthreads();  // this step's piece is there, and the one before is used up
    load(step + 2);
    const int stage = static_cast<int>(step % kGemmStages);
    const SharedPointer<bf16> left = piece(stage, 0), right = piece(stage, 1);
#pragma unroll
    for (int k = 0; k < kGemmDepth; k += 16) {
      std::uint32_t fa[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i)
        ldmatrix_x4(fa[i], left + ((row + i * 16 + lane % 16) * kGemmByDepth + k + lane / 16 * 8));
#pragma unroll
      for (int n = 0; n < kBlocks; n += 2) {
        std::uint32_t fb[4];
        if constexpr (kByColumn) {
          ldmatrix_x4_transposed(fb, right + ((k + lane % 16) * (kColumns + 8) + column + n * 8 + lane / 16 * 8));
        } else {
          ldmatrix_x4(fb, right + ((column + n * 8 + lane % 8 + lane / 16 * 8) * kGemmByDepth + k + lane / 8 % 2 * 8));
        }
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          mma_m16n8k16(sums[i][n], fa[i], {fb[0], fb[1]});
          mma_m16n8k16(sums[i][n + 1], fa[i], {fb[2], fb[3]});
        }
      }
    }
  }

  cp_async_wait<0>();
  constexpr int kSumRow = kHalf + 4;
  AIO_DYNAMIC_SHARED(float, tile);  // [128, kHalf], over the pieces
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    __syncthreads();
    if (column == half * kHalf) {
#pragma unroll
      for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int n = 0; n < kBlocks; ++n)
#pragma unroll
          for (int e = 0; e < 4; ++e)
            tile[(row + i * 16 + lane / 4 + e / 2 * 8) * kSumRow + n * 8 + lane % 4 * 2 + e % 2] = sums[i][n][e];
    }
    __syncthreads();
    for (int unit = thread_id(); unit < kGemmTile * kBlocks; unit += kGemmThreads) {
      const int at_row = unit / kBlocks, at_column = unit % kBlocks * 8;
      const std::int64_t i = first_row + at_row, j = first_column + half * kHalf + at_column;
      if (i >= M || j >= N) continue;
      float t[8];
#pragma unroll
      for (int e = 0; e < 8; ++e) t[e] = tile[at_row * kSumRow + at_column + e];
      finish(t, i, j);
    }
  }
}

/// Columns of a tile for N of C.
inline int gemm_tile_columns(std::int64_t N) {
  const auto padded = [N](std::int64_t tile) { return (N + tile - 1) / tile * tile; };
  return padded(96) < padded(kGemmTile) ? 96 : kGemmTile;
}

template <bool kByColumn, class Finish>
void gemm_tensor_core(Stream stream, const TensorCoreOperand& a, const TensorCoreOperand& b, std::int64_t M,
                      std::int64_t N, std::int64_t K, const Finish& finish) {
  const int columns = gemm_tile_columns(N);
  const Grid grid{{blocks_for(N, columns), blocks_for(M, kGemmTile)},
                  kGemmThreads,
                  std::size_t{kGemmStages * 2 * kGemmPiece} * sizeof(bf16)};
  const auto kernel = columns == 96 ? gemm_tensor_core_kernel<96, kByColumn, Finish>
                                    : gemm_tensor_core_kernel<kGemmTile, kByColumn, Finish>;
  launch("gemm_tensor_core", stream, grid, kernel, a, b, M, N, K, finish);
}

}  // namespace aio::cuda
