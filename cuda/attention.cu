// Scaled-dot-product attention, forward and backward, by tiles of 32 queries and 32 keys. bf16 heads of 64 go to the
// tensor cores instead (attention_tensor_core.h).
//
// Forward:  S = scale Q K^T (masked: -inf);  lse_i = log sum_j exp(S_ij);  P = exp(S - lse);  O = P V
// Backward: P again from Q, K and lse;  delta_i = <dO_i, O_i>;  dS = P * (dO V^T - delta);
//           dV = P^T dO,  dQ = scale dS K,  dK = scale dS^T Q
//
// Shapes and strides: tensor/backend.h. f32, bf16; all arithmetic in f32. D <= 256.
// Blocks: one tile of queries (forward, dQ) or of keys (dK, dV) of one head. A warp has eight of its rows; lane l is
// the
//         other side's row l of a tile while scores are made, and columns l, l + 32, ... of the result while they are
//         used. Tiles of the other side pass through shared memory.
// Memory:   no scores outside of registers; delta [B, H, Nq].
// Order:    each sum belongs to one lane or one warp and runs over the tiles in order: no atomics.
// Source:   Vaswani et al. 2017, eq. 1; the running maximum as in FlashAttention (Dao et al. 2022), algorithm 1.

#include "cuda/attention_tensor_core.h"
#include "cuda/cuda_backend.h"
#include "cuda/dispatch.h"
#include "cuda/rows.h"
#include "cuda/scratch.h"

namespace aio {

namespace {

using namespace cuda;

constexpr int kTile = kWarp;  // rows of a tile
constexpr int kWarps = 4;
constexpr int kRowsEach = kTile / kWarps;  // of a tile, a warp's
constexpr int kThreads = kWarps * kWarp;

/// The score of a pair that does not attend.
__device__ inline float minus_infinity() { return -bits_to_float(0x7F800000U); }

/// Rows of D columns in shared memory, one float apart from a multiple of the banks.
struct Tile {
  SharedPointer<float> data;
  int stride;
  __device__ decltype(auto) at(int row, int column) const { return data[row * stride + column]; }
};
__device__ inline Tile tile(SharedPointer<float> memory, int number, int D) {
  return {memory + number * kTile * (D + 1), D + 1};
}

/// to = rows [first, first + kTile) of a head, times scale; zeros from `end` on.
template <class T>
__device__ inline void load_tile(const Tile& to, const Heads<T>& from, std::int64_t b, std::int64_t h,
                                 std::int64_t first, std::int64_t end, int D, float scale) {
  for (int row = thread_id() / kWarp; row < kTile; row += kWarps) {
    const std::int64_t i = first + row;
    for (int c = lane_id(); c < D; c += kWarp) to.at(row, c) = i < end ? scale * to_float(from.at(b, h, i)[c]) : 0.0F;
  }
}

/// <a[i], b[j]> over D columns.
__device__ inline float dot(const Tile& a, int i, const Tile& b, int j, int D) {
  float sum = 0;
#pragma unroll 4
  for (int c = 0; c < D; ++c) sum = fmaf(a.at(i, c), b.at(j, c), sum);
  return sum;
}

/// sum[k] += sum over the tile's rows j of weight(lane j) * t[j][lane + 32 k].
template <int kColumns>
__device__ inline void add_weighted(float (&sum)[kColumns], float weight, const Tile& t, int D) {
#pragma unroll 4  // whole, eight times over, takes the compiler a minute
  for (int j = 0; j < kTile; ++j) {
    const float w = __shfl_sync(kAllLanes, weight, j);
#pragma unroll
    for (int k = 0; k < kColumns; ++k) {
      const int c = lane_id() + k * kWarp;
      if (c < D) sum[k] = fmaf(w, t.at(j, c), sum[k]);
    }
  }
}

/// Row i of a head = factor * sum, if it exists.
template <int kColumns, class T>
__device__ inline void store_row(const Heads<T>& to, std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t rows,
                                 const float (&sum)[kColumns], float factor, int D) {
  if (i >= rows) return;
#pragma unroll
  for (int k = 0; k < kColumns; ++k) {
    const int c = lane_id() + k * kWarp;
    if (c < D) to.at(b, h, i)[c] = from_float<T>(factor * sum[k]);
  }
}

/// What block (x, h, b) of the grid works on.
struct Place {
  std::int64_t b, h, first;
};
__device__ inline Place place() {
  return {static_cast<std::int64_t>(blockIdx.z), static_cast<std::int64_t>(blockIdx.y), block_id() * kTile};
}
__device__ inline int warp_id() { return thread_id() / kWarp; }

/// The tiles of keys that the queries [first, first + kTile) can see end here.
__device__ inline std::int64_t visible_end(const Masks& masks, std::int64_t b, std::int64_t first) {
  const std::int64_t end = masks.key_end(b), last = first + kTile - 1 + masks.diagonal;
  return last < end ? last : end;
}

template <int kColumns, class T>
__global__ void __launch_bounds__(kThreads)
    attention_forward_kernel(Heads<T> out, float* lse, Heads<T> q, Heads<T> k, Heads<T> v, Masks masks,
                             AttentionSizes n, float scale) {
  AIO_DYNAMIC_SHARED(float, memory);
  const int D = static_cast<int>(n.D);
  const Tile queries = tile(memory, 0, D), keys = tile(memory, 1, D), values = tile(memory, 2, D);
  const auto [b, h, first] = place();
  const std::int64_t end = visible_end(masks, b, first);
  load_tile(queries, q, b, h, first, n.queries, D, scale);
  float sum[kRowsEach][kColumns] = {}, largest[kRowsEach], total[kRowsEach] = {};
  for (float& m : largest) m = minus_infinity();

  for (std::int64_t begin = 0; begin < end; begin += kTile) {
    __syncthreads();  // the last tile is used up
    load_tile(keys, k, b, h, begin, end, D, 1);
    load_tile(values, v, b, h, begin, end, D, 1);
    __syncthreads();
#pragma unroll
    for (int r = 0; r < kRowsEach; ++r) {
      const int row = warp_id() * kRowsEach + r;
      const std::int64_t i = first + row, j = begin + lane_id();
      const bool attends = i < n.queries && j < end && masks.attends(b, h, i, j);
      const float score = attends ? dot(queries, row, keys, lane_id(), D) : minus_infinity();
      const float top = fmaxf(largest[r], warp_max(score));
      if (top == minus_infinity()) continue;  // no key yet; the same in all lanes
      const float weight = expf(score - top), keep = expf(largest[r] - top);
      largest[r] = top;
      total[r] = total[r] * keep + warp_sum(weight);
#pragma unroll
      for (int c = 0; c < kColumns; ++c) sum[r][c] *= keep;
      add_weighted(sum[r], weight, values, D);
    }
  }
#pragma unroll
  for (int r = 0; r < kRowsEach; ++r) {
    const std::int64_t i = first + warp_id() * kRowsEach + r;
    const bool none = largest[r] == minus_infinity();
    store_row(out, b, h, i, n.queries, sum[r], none ? 0.0F : 1 / total[r], D);
    if (lane_id() == 0 && i < n.queries)
      lse[(b * n.H + h) * n.queries + i] = none ? minus_infinity() : largest[r] + logf(total[r]);
  }
}

/// delta[b, h, i] = <dout, out>, a warp a row; rows in the order of [B, H, Nq].
template <class T>
__global__ void __launch_bounds__(kRowThreads)
    attention_delta(float* delta, Heads<T> dout, Heads<T> out, AttentionSizes n) {
  const std::int64_t r = global_warp_id();
  if (r >= n.B * n.H * n.queries) return;
  const std::int64_t i = r % n.queries, h = r / n.queries % n.H, b = r / n.queries / n.H;
  float sum = 0;
  for_columns<1>(n.D,
                 [&](std::int64_t c) { sum = fmaf(to_float(dout.at(b, h, i)[c]), to_float(out.at(b, h, i)[c]), sum); });
  sum = warp_sum(sum);
  if (lane_id() == 0) delta[r] = sum;
}

template <int kColumns, class T>
__global__ void __launch_bounds__(kThreads)
    attention_backward_queries(Heads<T> dq, Heads<T> dout, Heads<T> q, Heads<T> k, Heads<T> v, const float* lse,
                               const float* delta, Masks masks, AttentionSizes n, float scale) {
  AIO_DYNAMIC_SHARED(float, memory);
  const int D = static_cast<int>(n.D);
  const Tile queries = tile(memory, 0, D), douts = tile(memory, 1, D), keys = tile(memory, 2, D),
             values = tile(memory, 3, D);
  const auto [b, h, first] = place();
  const std::int64_t end = visible_end(masks, b, first);
  load_tile(queries, q, b, h, first, n.queries, D, scale);
  load_tile(douts, dout, b, h, first, n.queries, D, 1);
  float sum[kRowsEach][kColumns] = {};
  for (std::int64_t begin = 0; begin < end; begin += kTile) {
    __syncthreads();
    load_tile(keys, k, b, h, begin, end, D, 1);
    load_tile(values, v, b, h, begin, end, D, 1);
    __syncthreads();
#pragma unroll
    for (int r = 0; r < kRowsEach; ++r) {
      const int row = warp_id() * kRowsEach + r;
      const std::int64_t i = first + row, j = begin + lane_id(), at = (b * n.H + h) * n.queries + i;
      float ds = 0;
      if (i < n.queries && j < end && masks.attends(b, h, i, j)) {
        const float p = expf(dot(queries, row, keys, lane_id(), D) - lse[at]);
        ds = p * (dot(douts, row, values, lane_id(), D) - delta[at]);
      }
      add_weighted(sum[r], ds, keys, D);
    }
  }
#pragma unroll
  for (int r = 0; r < kRowsEach; ++r)
    store_row(dq, b, h, first + warp_id() * kRowsEach + r, n.queries, sum[r], scale, D);
}

template <int kColumns, class T>
__global__ void __launch_bounds__(kThreads)
    attention_backward_keys(Heads<T> dk, Heads<T> dv, Heads<T> dout, Heads<T> q, Heads<T> k, Heads<T> v,
                            const float* lse, const float* delta, Masks masks, AttentionSizes n, float scale) {
  AIO_DYNAMIC_SHARED(float, memory);
  const int D = static_cast<int>(n.D);
  const Tile queries = tile(memory, 0, D), douts = tile(memory, 1, D), keys = tile(memory, 2, D),
             values = tile(memory, 3, D);
  const auto [b, h, first] = place();
  const std::int64_t end = masks.key_end(b);
  load_tile(keys, k, b, h, first, end, D, 1);
  load_tile(values, v, b, h, first, end, D, 1);
  float sum_k[kRowsEach][kColumns] = {}, sum_v[kRowsEach][kColumns] = {};
  for (std::int64_t begin = 0; begin < n.queries; begin += kTile) {
    if (first >= end || first >= begin + kTile - 1 + masks.diagonal)
      continue;  // none of the queries sees any of the keys
    __syncthreads();
    load_tile(queries, q, b, h, begin, n.queries, D, scale);
    load_tile(douts, dout, b, h, begin, n.queries, D, 1);
    __syncthreads();
#pragma unroll
    for (int r = 0; r < kRowsEach; ++r) {
      const int row = warp_id() * kRowsEach + r;
      const std::int64_t i = begin + lane_id(), j = first + row, at = (b * n.H + h) * n.queries + i;
      float p = 0, ds = 0;
      if (i < n.queries && j < end && masks.attends(b, h, i, j)) {
        p = expf(dot(queries, lane_id(), keys, row, D) - lse[at]);
        ds = p * (dot(douts, lane_id(), values, row, D) - delta[at]);
      }
      add_weighted(sum_v[r], p, douts, D);
      add_weighted(sum_k[r], ds, queries, D);  // which are scaled
    }
  }
#pragma unroll
  for (int r = 0; r < kRowsEach; ++r) {
    const std::int64_t j = first + warp_id() * kRowsEach + r;
    store_row(dk, b, h, j, n.keys, sum_k[r], 1, D);
    store_row(dv, b, h, j, n.keys, sum_v[r], 1, D);
  }
}

/// body.operator()<kColumns>() with the columns of D that a lane has.
template <class Body>
void dispatch_depth(std::int64_t D, Body&& body) {
  check(D <= 8 * kWarp, ErrorCode::shape, "attention on cuda: head size ", D, ", at most ", 8 * kWarp, " is supported");
  if (D <= 2 * kWarp) return body.template operator()<2>();
  body.template operator()<8>();
}

Grid tile_grid(const AttentionSizes& n, std::int64_t rows, int tiles) {
  return {{blocks_for(rows, kTile), static_cast<unsigned>(n.H), static_cast<unsigned>(n.B)},
          kThreads,
          static_cast<std::size_t>(tiles * kTile * (n.D + 1)) * sizeof(float)};
}

}  // namespace

void CudaBackend::attention_forward(const View& out, const View& lse, const View& q, const View& k, const View& v,
                                    const AttentionMask& mask, double scale) {
  const AttentionSizes n{q.dim[0], q.dim[2], q.dim[3], q.dim[1], k.dim[1]};
  const Masks masks = masks_of(mask, n.queries, n.keys);
  if (tensor_cores_take(n.D, {&q, &k, &v, &out})) {
    AttentionTensors x{heads<bf16>(q), heads<bf16>(k), heads<bf16>(v), heads<bf16>(out), {}, {}, {}, {}};
    x.lse = lse.as<float>();
    return tensor_core_forward(x, masks, n, static_cast<float>(scale), stream());
  }
  dispatch_gpu_float(out.dtype, [&]<class T>() {
    dispatch_depth(n.D, [&]<int kColumns>() {
      launch("attention_forward", stream(), tile_grid(n, n.queries, 3), attention_forward_kernel<kColumns, T>,
             heads<T>(out), lse.as<float>(), heads<T>(q), heads<T>(k), heads<T>(v), masks, n,
             static_cast<float>(scale));
    });
  });
}

void CudaBackend::attention_backward(const View& dq, const View& dk, const View& dv, const View& dout, const View& q,
                                     const View& k, const View& v, const View& out, const View& lse,
                                     const AttentionMask& mask, double scale) {
  const AttentionSizes n{q.dim[0], q.dim[2], q.dim[3], q.dim[1], k.dim[1]};
  const Masks masks = masks_of(mask, n.queries, n.keys);
  const bool tensor_cores = tensor_cores_take(n.D, {&q, &k, &v, &out, &dout, &dq, &dk, &dv});
  AttentionTensors x;
  if (tensor_cores) {
    x = {heads<bf16>(q),  heads<bf16>(k),  heads<bf16>(v),  heads<bf16>(out), heads<bf16>(dout),
         heads<bf16>(dq), heads<bf16>(dk), heads<bf16>(dv), lse.as<float>()};
  }
  const auto factor = static_cast<float>(scale);
  if (tensor_cores && one_block_takes(n)) return one_block_backward(x, masks, n, factor, stream());

  const std::int64_t rows = n.B * n.H * n.queries;
  const Scratch scratch(allocator(), static_cast<std::size_t>(rows) * sizeof(float));
  float* const delta = scratch.as<float>();
  dispatch_gpu_float(dq.dtype, [&]<class T>() {
    launch("attention_delta", stream(), row_grid(rows), attention_delta<T>, delta, heads<T>(dout), heads<T>(out), n);
    if (tensor_cores) {
      x.delta = delta;
      return tensor_core_backward(x, masks, n, factor, stream());
    }
    dispatch_depth(n.D, [&]<int kColumns>() {
      launch("attention_backward_queries", stream(), tile_grid(n, n.queries, 4),
             attention_backward_queries<kColumns, T>, heads<T>(dq), heads<T>(dout), heads<T>(q), heads<T>(k),
             heads<T>(v), lse.as<float>(), delta, masks, n, factor);
      launch("attention_backward_keys", stream(), tile_grid(n, n.keys, 4), attention_backward_keys<kColumns, T>,
             heads<T>(dk), heads<T>(dv), heads<T>(dout), heads<T>(q), heads<T>(k), heads<T>(v), lse.as<float>(), delta,
             masks, n, factor);
    });
  });
}

}  // namespace aio
