// Attention's gradient on tensor cores in one kernel, where the keys of a head fit into a block: bf16, head size 64, at
// most 256 keys; formulas in attention.cu. The scores are made once: five products instead of seven, and one reading of
// everything.
//
// A block has a head. Its keys and values stay in shared memory; warp w has keys 16 w .. 16 w + 15 and their dK and dV
// in registers. For each 64 queries, which arrive in one of two buffers while the other is worked on:
//   scores  a warp makes S^T and dO V^T of its keys and 16 queries, P^T and dS^T from them, adds P^T dO to dV and
//           dS^T Q to dK, and leaves dS^T in shared memory;
//   dQ      when all have: the warps share the 64 x 64 elements of dS K, 16 x 16 at a time, which are then final.
//
// Dtypes:   products in f32; P and dS are rounded to bf16 before they are multiplied, as in FlashAttention.
// Order:    dK and dV over queries, dQ over keys, first to last; no atomics.
// Memory:   432 bytes a key and 37 KiB for queries: 138 KiB for 237 keys. Registers allow a block of 16 warps as well.
// Source:   FlashAttention-2 (Dao 2023), algorithm 2, without its atomic sums of dQ.

#include <algorithm>

#include "cuda/attention_tensor_core.h"
#include "cuda/attention_tiles.h"

namespace aio::cuda {

namespace {

using namespace attention;

constexpr int kMostWarps = 16;
constexpr int kKeys = 16;     // of a warp
constexpr int kQueries = 16;  // whose scores a warp holds at a time: 32 would not fit into 128 registers
constexpr int kBlocks = kQueries / 8;

/// s = left right^T, 16 rows each.
__device__ inline void multiply(float (&s)[kBlocks][4], Tile left, Tile right) {
#pragma unroll
  for (int n = 0; n < kBlocks; ++n) {
#pragma unroll
    for (int e = 0; e < 4; ++e) s[n][e] = 0;
  }
#pragma unroll 2
  for (int k = 0; k < kDepth; k += 16) {
    std::uint32_t a[4], f[4];
    ldmatrix_x4(a, left + (lane_id() % 16 * kStride + k + lane_id() / 16 * 8));
    ldmatrix_x4(f, right + ((lane_id() % 8 + lane_id() / 16 * 8) * kStride + k + lane_id() / 8 % 2 * 8));
    mma_m16n8k16(s[0], a, {f[0], f[1]});
    mma_m16n8k16(s[1], a, {f[2], f[3]});
  }
}

/// delta and lse of the queries [first, first + kRows), eight lanes a row; zeros from `end` on.
__device__ inline void load_statistics(SharedPointer<float> delta, SharedPointer<float> lse, const AttentionTensors& x,
                                       const AttentionSizes& n, std::int64_t b, std::int64_t h, std::int64_t first,
                                       int threads) {
  for (int unit = thread_id(); unit < kRows * 8; unit += threads) {  // whole warps
    const std::int64_t i = first + unit / 8;
    float sum = 0;
    if (i < n.queries) {
      float d[8], o[8];
      load_vector(d, x.dout.at(b, h, i) + unit % 8 * 8);
      load_vector(o, x.out.at(b, h, i) + unit % 8 * 8);
#pragma unroll
      for (int j = 0; j < 8; ++j) sum = fmaf(d[j], o[j], sum);
    }
#pragma unroll
    for (int step = 4; step > 0; step /= 2) sum += __shfl_xor_sync(kAllLanes, sum, step);
    if (unit % 8 == 0) {
      delta[unit / 8] = sum;
      lse[unit / 8] = i < n.queries ? x.lse[(b * n.H + h) * n.queries + i] : 0;
    }
  }
}

/// dQ of 16 queries and 16 of the 64 columns = scale dS K. `gradients` holds dS^T, from the first of these queries.
__device__ inline void store_query_gradients(const AttentionTensors& x, std::int64_t b, std::int64_t h,
                                             std::int64_t first, std::int64_t queries, Tile gradients, Tile keys,
                                             int key_count, int column, float scale) {
  float o[2][4] = {};
#pragma unroll 2
  for (int k = 0; k < key_count; k += 16) {
    std::uint32_t a[4], f[4];
    ldmatrix_x4_transposed(a, gradients + ((k + lane_id() % 8 + lane_id() / 16 * 8) * kStride + lane_id() / 8 % 2 * 8));
    ldmatrix_x4_transposed(f, keys + ((k + lane_id() % 16) * kStride + column + lane_id() / 16 * 8));
    mma_m16n8k16(o[0], a, {f[0], f[1]});
    mma_m16n8k16(o[1], a, {f[2], f[3]});
  }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t i = first + lane_row() + 8 * half;
    if (i >= queries) continue;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const std::uint32_t pair[1] = {pack_bf16(scale * o[n][2 * half], scale * o[n][2 * half + 1])};
      store_words(x.dq.at(b, h, i) + column + n * 8 + lane_column(), pair);
    }
  }
}

/// Bit 4 c + e: whether element e of this lane in block c of a transposed piece attends; the piece is of 16 keys and
/// kQueries queries. One number, so that no part of a mask is held in registers beside the scores.
__device__ inline std::uint32_t attending(const Masks& masks, std::int64_t b, std::int64_t h, int queries, int end,
                                          int first_query, int first_key) {
  const int last_key = first_key + kKeys - 1;
  if (masks.allowed == nullptr && last_key < end && first_query + kQueries <= queries &&
      last_key < first_query + masks.diagonal)
    return ~0U;
  std::uint32_t bits = 0;
#pragma unroll 1
  for (int k = 0; k < 4 * kBlocks; ++k) {
    const int i = first_query + k / 4 * 8 + lane_column() + k % 2, j = first_key + lane_row() + k % 4 / 2 * 8;
    if (i < queries && j < end && masks.attends(b, h, i, j)) bits |= 1U << k;
  }
  return bits;
}

/// Elements of the shared memory for keys in steps of 16: K, V and dS^T; then two buffers of Q and dO.
int memory_elements(int key_rows) { return (3 * key_rows + 4 * kRows) * kStride; }

__global__ void __launch_bounds__(kMostWarps* kWarp)
    backward_kernel(AttentionTensors x, Masks masks, AttentionSizes n, int key_rows, float scale) {
  AIO_DYNAMIC_SHARED(bf16, memory);
  AIO_DYNAMIC_SHARED(std::uint32_t, pairs);  // the same memory
  AIO_SHARED(float, delta, 2 * kRows);
  AIO_SHARED(float, lse, 2 * kRows);
  const Tile keys = memory, values = keys + key_rows * kStride, gradients = values + key_rows * kStride;
  const auto queries = [&](int buffer) { return gradients + (key_rows + 2 * buffer * kRows) * kStride; };
  const std::int64_t h = blockIdx.y, b = blockIdx.z;
  const int end = static_cast<int>(masks.key_end(b)), last = static_cast<int>(n.queries);  // registers are scarce
  const int threads = static_cast<int>(blockDim.x), mine = warp_id() * kKeys;
  const auto load_queries = [&](int buffer, std::int64_t first) {
    load_rows(queries(buffer), kRows, threads, x.q, b, h, first, n.queries);
    load_rows(queries(buffer) + kRows * kStride, kRows, threads, x.dout, b, h, first, n.queries);
    cp_async_commit();
    load_statistics(delta + buffer * kRows, lse + buffer * kRows, x, n, b, h, first, threads);
  };

  load_rows(keys, key_rows, threads, x.k, b, h, 0, end);
  load_rows(values, key_rows, threads, x.v, b, h, 0, end);
  load_queries(0, 0);
  Block dk = {}, dv = {};
  int buffer = 0;
  for (int begin = 0; begin < last; begin += kRows, buffer = 1 - buffer) {
    cp_async_wait<0>();
    __syncthreads();  // this buffer is there; the other one and dS^T are used up
    if (begin + kRows < last) load_queries(1 - buffer, begin + kRows);
    const Tile q = queries(buffer), dout = q + kRows * kStride;
    if (mine < end) {
#pragma unroll 1
      for (int part = 0; part < kRows; part += kQueries) {
        if (begin + part >= last) break;
        const std::uint32_t attends = attending(masks, b, h, last, end, begin + part, mine);
        float p[kBlocks][4], ds[kBlocks][4];  // transposed: rows are keys
        multiply(p, keys + mine * kStride, q + part * kStride);
        multiply(ds, values + mine * kStride, dout + part * kStride);
#pragma unroll
        for (int c = 0; c < kBlocks; ++c) {
#pragma unroll
          for (int e = 0; e < 4; ++e) {
            const int at = buffer * kRows + part + c * 8 + lane_column() + e % 2;
            score_gradient(p[c][e], ds[c][e], (attends >> (4 * c + e) & 1) != 0, scale * kLog2E, lse[at], delta[at]);
          }
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const int at = (2 * key_rows + mine + lane_row() + half * 8) * kStride + part + c * 8 + lane_column();
            pairs[at / 2] = pack_bf16(ds[c][2 * half], ds[c][2 * half + 1]);
          }
        }
        accumulate(dv, p, dout + part * kStride, kQueries);
        accumulate(dk, ds, q + part * kStride, kQueries);
      }
    }
    __syncthreads();  // dS^T is whole
    for (int piece = warp_id(); piece < kRows / 16 * (kDepth / 16); piece += threads / kWarp) {
      const int row = piece % (kRows / 16) * 16, column = piece / (kRows / 16) * 16;
      if (begin + row < last)
        store_query_gradients(x, b, h, begin + row, n.queries, gradients + row, keys, end, column, scale);
    }
  }
  store_block(x.dk, b, h, mine, n.keys, dk, {scale, scale});
  store_block(x.dv, b, h, mine, n.keys, dv, {1, 1});
}

/// Keys in steps of 16.
int key_rows_of(const AttentionSizes& n) { return static_cast<int>((n.keys + kKeys - 1) / kKeys * kKeys); }
std::size_t memory_bytes(const AttentionSizes& n) {
  return static_cast<std::size_t>(memory_elements(key_rows_of(n))) * sizeof(bf16);
}

}  // namespace

bool one_block_takes(const AttentionSizes& n) {
  constexpr std::size_t kStatistics = 4 * kRows * sizeof(float);
  return n.keys <= kMostWarps * kKeys && memory_bytes(n) + kStatistics <= block_memory();
}

void one_block_backward(const AttentionTensors& x, const Masks& masks, const AttentionSizes& n, float scale,
                        Stream stream) {
  // Four schedulers share the warps, and each has a quarter of the registers.
  const unsigned warps = static_cast<unsigned>(std::max(4, (key_rows_of(n) / kKeys + 3) / 4 * 4));
  launch("attention_backward", stream,
         {{1, static_cast<unsigned>(n.H), static_cast<unsigned>(n.B)}, warps * kWarp, memory_bytes(n)}, backward_kernel,
         x, masks, n, key_rows_of(n), scale);
}

}  // namespace aio::cuda
