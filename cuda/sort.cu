// Largest elements and orders of rows.
//
// argmax_rows  index of the largest of each row; the first of equals
// topk_rows    the k largest of each row, descending
// sort_rows    each row sorted, with the indices; stable
// Order:       NaN counts as larger than every number (PyTorch's rule); equal values keep the order of their indices.
//              So the result is unique and deterministic.
// Shapes:      x [R, C], C < 2^31; index i64 [R]; values, indices [R, k] or [R, C]. Dtypes f32, bf16, i64, u8.
//
// Indices are sorted, not values. Runs of 32 first, where each counts those that precede it; then runs are merged two
// by two, where each looks up by bisection how many of the other run precede it. Every index is a thread's, which knows
// its place in the result without waiting for others.

#include <type_traits>
#include <utility>

#include "cuda/cuda_backend.h"
#include "cuda/map.h"
#include "cuda/rows.h"
#include "cuda/scratch.h"

namespace aio {

namespace {

using namespace cuda;

/// True if a comes before b in descending order: a is larger, or only a is NaN.
template <class T>
__device__ inline bool above(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return a > b;
  } else {
    const float u = to_float(a), v = to_float(b);
    return u > v || (u != u && v == v);
  }
}

/// The order of a row's indices: largest first, or smallest first; equals by index.
template <bool kDescending, class T>
struct Precedes {
  const T* row;
  __device__ bool operator()(std::int64_t i, std::int64_t j) const {
    const T a = row[i], b = row[j];
    const bool before = kDescending ? above(a, b) : above(b, a), after = kDescending ? above(b, a) : above(a, b);
    return before || (!after && i < j);
  }
};

using Index = std::int32_t;
constexpr std::int64_t kRun = 32;

/// order [R, C]: each row's indices, sorted in runs of kRun.
template <bool kDescending, class T>
__global__ void __launch_bounds__(kMapThreads) sort_runs(Index* order, const T* x, std::int64_t n, std::int64_t C) {
  const std::int64_t t = global_thread_id();
  if (t >= n) return;
  const std::int64_t i = t % C, begin = i / kRun * kRun, end = begin + kRun < C ? begin + kRun : C;
  const Precedes<kDescending, T> precedes{x + (t - i)};
  std::int64_t place = begin;
  for (std::int64_t j = begin; j < end; ++j) place += precedes(j, i) ? 1 : 0;
  order[t - i + place] = static_cast<Index>(i);
}

/// merged: runs of 2 `run` from the sorted runs of `run` in order.
template <bool kDescending, class T>
__global__ void __launch_bounds__(kMapThreads)
    merge_runs(Index* merged, const Index* order, const T* x, std::int64_t n, std::int64_t C, std::int64_t run) {
  const std::int64_t t = global_thread_id();
  if (t >= n) return;
  const std::int64_t at = t % C, pair = at / (2 * run) * (2 * run), own = at / run * run;
  const std::int64_t other = own == pair ? pair + run : pair;
  const Precedes<kDescending, T> precedes{x + (t - at)};
  const Index* const row = order + (t - at);
  const Index i = row[at];
  std::int64_t low = other < C ? other : C, high = other + run < C ? other + run : C;
  const std::int64_t first = low;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (precedes(row[middle], i)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  merged[t - at + pair + (at - own) + (low - first)] = i;
}

/// The first `kept` of each row.
template <class T>
__global__ void __launch_bounds__(kMapThreads) take(T* values, std::int64_t* indices, const Index* order, const T* x,
                                                    std::int64_t n, std::int64_t kept, std::int64_t C) {
  const std::int64_t t = global_thread_id();
  if (t >= n) return;
  const std::int64_t row = t / kept * C, i = order[row + t % kept];
  values[t] = x[row + i];
  indices[t] = i;
}

template <bool kDescending, class T>
void order_rows(const char* name, Stream stream, Allocator& allocator, const View& values, const View& indices,
                const View& x) {
  const std::int64_t C = x.cols(), n = x.numel(), kept = values.cols();
  if (values.numel() == 0) return;
  const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(Index);
  const Scratch memory(allocator, bytes), more(allocator, bytes);
  Index *order = memory.as<Index>(), *merged = more.as<Index>();
  launch(name, stream, map_grid(n, 1), sort_runs<kDescending, T>, order, x.as<T>(), n, C);
  for (std::int64_t run = kRun; run < C; run *= 2) {
    launch(name, stream, map_grid(n, 1), merge_runs<kDescending, T>, merged, order, x.as<T>(), n, C, run);
    std::swap(order, merged);
  }
  launch(name, stream, map_grid(values.numel(), 1), take<T>, values.as<T>(), indices.as<std::int64_t>(), order,
         x.as<T>(), values.numel(), kept, C);
}

/// One warp a row: each lane the best of every 32nd, then the best of the lanes.
template <class T>
__global__ void __launch_bounds__(kRowThreads)
    argmax_kernel(std::int64_t* index, const T* x, std::int64_t R, std::int64_t C) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const Precedes<true, T> precedes{x + r * C};
  std::int64_t best = lane_id() < C ? lane_id() : 0;
  for (std::int64_t i = best; i < C; i += kWarp) best = precedes(i, best) ? i : best;
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const std::int64_t other = __shfl_xor_sync(kAllLanes, best, step);
    best = precedes(other, best) ? other : best;
  }
  if (lane_id() == 0) index[r] = best;
}

}  // namespace

void CudaBackend::argmax_rows(const View& index, const View& x) {
  dispatch_gpu_all(x.dtype, [&]<class T>() {
    launch("argmax_rows", stream(), row_grid(x.rows()), argmax_kernel<T>, index.as<std::int64_t>(), x.as<T>(), x.rows(),
           x.cols());
  });
}

void CudaBackend::topk_rows(const View& values, const View& indices, const View& x) {
  dispatch_gpu_all(x.dtype,
                   [&]<class T>() { order_rows<true, T>("topk_rows", stream(), allocator(), values, indices, x); });
}

void CudaBackend::sort_rows(const View& values, const View& indices, const View& x, bool descending) {
  dispatch_gpu_all(x.dtype, [&]<class T>() {
    const auto run = descending ? order_rows<true, T> : order_rows<false, T>;
    run("sort_rows", stream(), allocator(), values, indices, x);
  });
}

}  // namespace aio
