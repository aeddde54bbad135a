#pragma once
// What attention's tensor-core kernels share: rows of heads in registers and in shared memory, products of 16 rows by a
// warp, masks. bf16, head size 64.
//
// Lane l holds, of a 16 x 8 block of an accumulator, the rows l / 4 and l / 4 + 8 and the columns 2 (l % 4) and the
// next; two such blocks, rounded, are an A fragment.

#include "cuda/attention_head.h"

namespace aio::cuda::attention {

inline constexpr int kDepth = 64;
inline constexpr int kRows = 64;  // of a block's own side, and of a tile
inline constexpr int kStride =
    72;  // elements from a row of a tile to the next: 144 bytes, so that ldmatrix meets all banks
inline constexpr float kLog2E = 1.4426950408889634F;

using Tile = SharedPointer<bf16>;  // [kRows, kStride]
using Fragments = std::uint32_t[4][4];
using Block = float[8][4];  // [16, 64] of a warp: eight blocks of 16 x 8

__device__ inline int warp_id() { return thread_id() / kWarp; }
/// The first of this lane's two rows in its warp's 16; the other is 8 below.
__device__ inline int lane_row() { return lane_id() / 4; }
__device__ inline int lane_column() { return lane_id() % 4 * 2; }

/// Rows [first, first + 16) of a head as A fragments; zeros from `end` on.
__device__ inline void load_fragments(Fragments& a, const Heads<bf16>& x, std::int64_t b, std::int64_t h,
                                      std::int64_t first, std::int64_t end) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t i = first + lane_row() + 8 * half;
#pragma unroll
    for (int k = 0; k < 8; ++k) {
      std::uint32_t pair[1] = {0};
      if (i < end) load_words(pair, x.at(b, h, i) + k * 8 + lane_column());
      a[k / 2][half + k % 2 * 2] = pair[0];
    }
  }
}

/// Rows [first, first + rows) of a head into a tile, in the background, by all `threads` of a block; zeros from `end`
/// on.
__device__ inline void load_rows(Tile tile, int rows, int threads, const Heads<bf16>& x, std::int64_t b, std::int64_t h,
                                 std::int64_t first, std::int64_t end) {
  for (int i = thread_id(); i < rows * kDepth / 8; i += threads) {
    const int row = i / (kDepth / 8), column = i % (kDepth / 8) * 8;
    if (first + row < end) {
      cp_async16(tile + (row * kStride + column), x.at(b, h, first + row) + column);
    } else {
      for (int j = 0; j < 8; ++j) tile[row * kStride + column + j] = bf16{};
    }
  }
}

/// o += bf16(s) tile over the tile's first `rows` rows, in steps of 16; s [16, 8 kBlocks].
template <int kBlocks>
__device__ inline void accumulate(Block& o, const float (&s)[kBlocks][4], Tile tile, std::int64_t rows) {
#pragma unroll
  for (int n = 0; n < kBlocks; n += 2) {
    if (n * 8 >= rows) continue;
    const std::uint32_t a[4] = {pack_bf16(s[n][0], s[n][1]), pack_bf16(s[n][2], s[n][3]),
                                pack_bf16(s[n + 1][0], s[n + 1][1]), pack_bf16(s[n + 1][2], s[n + 1][3])};
#pragma unroll
    for (int d = 0; d < 4; ++d) {
      std::uint32_t f[4];
      ldmatrix_x4_transposed(f, tile + ((n * 8 + lane_id() % 16) * kStride + d * 16 + lane_id() / 16 * 8));
      mma_m16n8k16(o[2 * d], a, {f[0], f[1]});
      mma_m16n8k16(o[2 * d + 1], a, {f[2], f[3]});
    }
  }
}

/// Rows [first, first + 16) of a head = factor[half] * o.
__device__ inline void store_block(const Heads<bf16>& x, std::int64_t b, std::int64_t h, std::int64_t first,
                                   std::int64_t rows, const Block& o, const float (&factor)[2]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t i = first + lane_row() + 8 * half;
    if (i >= rows) continue;
#pragma unroll
    for (int n = 0; n < 8; ++n) {
      // Not 0 * o: a masked V may hold anything.
      const float low = factor[half] == 0 ? 0 : factor[half] * o[n][2 * half];
      const float high = factor[half] == 0 ? 0 : factor[half] * o[n][2 * half + 1];
      const std::uint32_t pair[1] = {pack_bf16(low, high)};
      store_words(x.at(b, h, i) + n * 8 + lane_column(), pair);
    }
  }
}

/// Whether the pairs (query, key) of a 16 x 64 or 64 x 16 piece attend one by one, or all of them do.
struct PieceMask {
  const Masks& masks;
  std::int64_t b, h, queries, key_end;
  bool whole;

  __device__ PieceMask(const Masks& m, std::int64_t batch, std::int64_t head, std::int64_t all_queries,
                       std::int64_t first_query, std::int64_t query_count, std::int64_t first_key,
                       std::int64_t key_count)
      : masks(m), b(batch), h(head), queries(all_queries), key_end(m.key_end(batch)) {
    const std::int64_t last_key = first_key + key_count - 1;
    whole = m.allowed == nullptr && last_key < key_end && first_query + query_count <= queries &&
            last_key < first_query + m.diagonal;
  }
  __device__ bool attends(std::int64_t i, std::int64_t j) const {
    return whole || (i < queries && j < key_end && masks.attends(b, h, i, j));
  }
};

/// P and dS of one element, in place of the score and of dP.
__device__ inline void score_gradient(float& s, float& dp, bool attends, float scale2, float lse, float delta) {
  s = attends ? exp2_approx(s * scale2 - lse * kLog2E) : 0;
  dp = attends ? s * (dp - delta) : 0;
}

}  // namespace aio::cuda::attention
