// Attention on tensor cores (mma.sync m16n8k16): bf16, head size 64; formulas in attention.cu.
//
// A block has 64 rows of one side of a head, a warp 16 of them, held in registers as the A fragments of products. Tiles
// of 64 rows of the other side pass through shared memory. The forward pass and dQ have queries and loop over keys, dK
// and dV have keys and loop over queries with all scores transposed; so two products are enough:
//   multiply:    s = A tile^T      [16, 64] x [64, 64]^T    scores, and dO V^T
//   accumulate:  o += bf16(s) tile [16, 64] x [64, 64]      everything else; accumulators of s are its A fragments
// Lane l holds, of a 16 x 8 block of s or o, the rows l / 4 and l / 4 + 8 and the columns 2 (l % 4) and the next.
//
// Dtypes:   products in f32; P and dS are rounded to bf16 before they are multiplied, as in FlashAttention.
// Order:    tiles in order; no atomics.
// Source:   FlashAttention-2 (Dao 2023), algorithms 1 and 2, without its atomic sums of dQ.

#include "cuda/attention_tensor_core.h"

#include "cuda/attention_tiles.h"

namespace aio::cuda {

namespace {

using namespace attention;

constexpr int kThreads = 128;

/// Two tiles, and all threads see them.
__device__ inline void load_tiles(Tile one, const Heads<bf16>& x, Tile two, const Heads<bf16>& y, std::int64_t b,
                                  std::int64_t h, std::int64_t first, std::int64_t end) {
  __syncthreads();  // the last ones are used up
  load_rows(one, kRows, kThreads, x, b, h, first, end);
  load_rows(two, kRows, kThreads, y, b, h, first, end);
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();
}

/// s = A tile^T of the tile's first `rows` rows, in steps of 16; zeros for the others.
__device__ inline void multiply(Block& s, const Fragments& a, Tile tile, std::int64_t rows) {
#pragma unroll
  for (int n = 0; n < 8; n += 2) {
#pragma unroll
    for (int e = 0; e < 4; ++e) s[n][e] = s[n + 1][e] = 0;
    if (n * 8 >= rows) continue;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      std::uint32_t f[4];
      ldmatrix_x4(f, tile + ((n * 8 + lane_id() % 8 + lane_id() / 16 * 8) * kStride + k * 16 + lane_id() / 8 % 2 * 8));
      mma_m16n8k16(s[n], a[k], {f[0], f[1]});
      mma_m16n8k16(s[n + 1], a[k], {f[2], f[3]});
    }
  }
}

__global__ void __launch_bounds__(kThreads)
    forward_kernel(AttentionTensors x, Masks masks, AttentionSizes n, float scale) {
  AIO_SHARED(bf16, memory, 2 * kRows * kStride);
  const Tile keys = memory, values = memory + kRows * kStride;
  const std::int64_t h = blockIdx.y, b = blockIdx.z, first = block_id() * kRows, mine = first + warp_id() * 16;
  const std::int64_t visible = first + kRows - 1 + masks.diagonal;
  const std::int64_t end = visible < masks.key_end(b) ? visible : masks.key_end(b);
  const float minus_infinity = bits_to_float(0xFF800000U), scale2 = scale * kLog2E;
  Fragments q;
  load_fragments(q, x.q, b, h, mine, n.queries);
  Block o = {};
  float largest[2] = {minus_infinity, minus_infinity}, total[2] = {0, 0};  // total: of this lane's columns

  for (std::int64_t begin = 0; begin < end; begin += kRows) {
    load_tiles(keys, x.k, values, x.v, b, h, begin, end);
    if (mine >= n.queries) continue;  // all of this warp's rows are padding
    Block s;
    multiply(s, q, keys, end - begin);
    const PieceMask mask(masks, b, h, n.queries, mine, 16, begin, kRows);
    float top[2] = {largest[0], largest[1]};
#pragma unroll
    for (int c = 0; c < 8; ++c) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (!mask.attends(mine + lane_row() + e / 2 * 8, begin + c * 8 + lane_column() + e % 2))
          s[c][e] = minus_infinity;
        top[e / 2] = fmaxf(top[e / 2], s[c][e]);
      }
    }
    float shift[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {  // a row's columns are spread over four lanes
      top[half] = fmaxf(top[half], __shfl_xor_sync(kAllLanes, top[half], 1));
      top[half] = fmaxf(top[half], __shfl_xor_sync(kAllLanes, top[half], 2));
      shift[half] = top[half] == minus_infinity ? 0 : top[half];
      const float keep = exp2_approx((largest[half] - shift[half]) * scale2);
      largest[half] = top[half];
      total[half] *= keep;
#pragma unroll
      for (int d = 0; d < 8; ++d) {
        o[d][2 * half] *= keep;
        o[d][2 * half + 1] *= keep;
      }
    }
#pragma unroll
    for (int c = 0; c < 8; ++c) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        s[c][e] = exp2_approx((s[c][e] - shift[e / 2]) * scale2);
        total[e / 2] += s[c][e];
      }
    }
    accumulate(o, s, values, end - begin);
  }

  float factor[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    total[half] += __shfl_xor_sync(kAllLanes, total[half], 1);
    total[half] += __shfl_xor_sync(kAllLanes, total[half], 2);
    const bool none = largest[half] == minus_infinity;
    factor[half] = none ? 0 : 1 / total[half];
    const std::int64_t i = mine + lane_row() + 8 * half;
    if (lane_id() % 4 == 0 && i < n.queries)
      x.lse[(b * n.H + h) * n.queries + i] = none ? minus_infinity : largest[half] * scale + logf(total[half]);
  }
  store_block(x.out, b, h, mine, n.queries, o, factor);
}

__global__ void __launch_bounds__(kThreads)
    backward_queries_kernel(AttentionTensors x, Masks masks, AttentionSizes n, float scale) {
  AIO_SHARED(bf16, memory, 2 * kRows * kStride);
  const Tile keys = memory, values = memory + kRows * kStride;
  const std::int64_t h = blockIdx.y, b = blockIdx.z, first = block_id() * kRows, mine = first + warp_id() * 16;
  const std::int64_t visible = first + kRows - 1 + masks.diagonal;
  const std::int64_t end = visible < masks.key_end(b) ? visible : masks.key_end(b);
  Fragments q, dout;
  load_fragments(q, x.q, b, h, mine, n.queries);
  load_fragments(dout, x.dout, b, h, mine, n.queries);
  float lse[2], delta[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t i = mine + lane_row() + 8 * half, at = (b * n.H + h) * n.queries + i;
    lse[half] = i < n.queries ? x.lse[at] : 0;
    delta[half] = i < n.queries ? x.delta[at] : 0;
  }
  Block dq = {};
  for (std::int64_t begin = 0; begin < end; begin += kRows) {
    load_tiles(keys, x.k, values, x.v, b, h, begin, end);
    if (mine >= n.queries) continue;
    Block s, ds;
    multiply(s, q, keys, end - begin);
    multiply(ds, dout, values, end - begin);
    const PieceMask mask(masks, b, h, n.queries, mine, 16, begin, kRows);
#pragma unroll
    for (int c = 0; c < 8; ++c) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const bool attends = mask.attends(mine + lane_row() + e / 2 * 8, begin + c * 8 + lane_column() + e % 2);
        score_gradient(s[c][e], ds[c][e], attends, scale * kLog2E, lse[e / 2], delta[e / 2]);
      }
    }
    accumulate(dq, ds, keys, end - begin);
  }
  store_block(x.dq, b, h, mine, n.queries, dq, {scale, scale});
}

__global__ void __launch_bounds__(kThreads)
    backward_keys_kernel(AttentionTensors x, Masks masks, AttentionSizes n, float scale) {
  AIO_SHARED(bf16, memory, 2 * kRows * kStride);
  AIO_SHARED(float, lse, kRows);
  AIO_SHARED(float, delta, kRows);
  const Tile queries = memory, douts = memory + kRows * kStride;
  const std::int64_t h = blockIdx.y, b = blockIdx.z, first = block_id() * kRows, mine = first + warp_id() * 16;
  const std::int64_t end = masks.key_end(b);
  Fragments k, v;
  load_fragments(k, x.k, b, h, mine, end);
  load_fragments(v, x.v, b, h, mine, end);
  Block dk = {}, dv = {};
  for (std::int64_t begin = 0; begin < n.queries; begin += kRows) {
    if (first >= end || first >= begin + kRows - 1 + masks.diagonal) continue;  // no query here sees any of the keys
    load_tiles(queries, x.q, douts, x.dout, b, h, begin, n.queries);
    if (thread_id() < kRows) {
      const std::int64_t i = begin + thread_id(), at = (b * n.H + h) * n.queries + i;
      lse[thread_id()] = i < n.queries ? x.lse[at] : 0;
      delta[thread_id()] = i < n.queries ? x.delta[at] : 0;
    }
    __syncthreads();
    if (mine >= end) continue;
    Block p, ds;  // transposed: rows are keys
    multiply(p, k, queries, n.queries - begin);
    multiply(ds, v, douts, n.queries - begin);
    const PieceMask mask(masks, b, h, n.queries, begin, kRows, mine, 16);
#pragma unroll
    for (int c = 0; c < 8; ++c) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int column = c * 8 + lane_column() + e % 2;
        const bool attends = mask.attends(begin + column, mine + lane_row() + e / 2 * 8);
        score_gradient(p[c][e], ds[c][e], attends, scale * kLog2E, lse[column], delta[column]);
      }
    }
    accumulate(dv, p, douts, n.queries - begin);
    accumulate(dk, ds, queries, n.queries - begin);
  }
  store_block(x.dk, b, h, mine, n.keys, dk, {scale, scale});
  store_block(x.dv, b, h, mine, n.keys, dv, {1, 1});
}

/// A block for each kRows rows of each head.
Grid head_grid(std::int64_t rows, const AttentionSizes& n) {
  return {{blocks_for(rows, kRows), static_cast<unsigned>(n.H), static_cast<unsigned>(n.B)}, kThreads};
}

}  // namespace

bool tensor_cores_take(std::int64_t D, std::initializer_list<const View*> tensors) {
  if (D != kDepth) return false;
  for (const View* x : tensors) {
    if (x->dtype != DType::bf16 || reinterpret_cast<std::uintptr_t>(x->data) % 16 != 0) return false;
    for (int i = 0; i < 3; ++i)
      if (x->stride[i] % 8 != 0) return false;
  }
  return true;
}

void tensor_core_forward(const AttentionTensors& x, const Masks& masks, const AttentionSizes& n, float scale,
                         Stream stream) {
  launch("attention_forward", stream, head_grid(n.queries, n), forward_kernel, x, masks, n, scale);
}

void tensor_core_backward(const AttentionTensors& x, const Masks& masks, const AttentionSizes& n, float scale,
                          Stream stream) {
  launch("attention_backward_queries", stream, head_grid(n.queries, n), backward_queries_kernel, x, masks, n, scale);
  launch("attention_backward_keys", stream, head_grid(n.keys, n), backward_keys_kernel, x, masks, n, scale);
}

}  // namespace aio::cuda
