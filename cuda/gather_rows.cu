// Rows of a table by index: embedding look-up, row selection, and their gradient.
//
// gather:      y[b, n] = x[b, index[n]]
// scatter_add: dx[b, v] += sum over n with index[n] == v, ascending, of dy[b, n]     (the gradient of gather)
// Shapes:      x, dx [B, V, C]; y, dy [B, N, C]; index i64 [N], shared by the batch, or [B, N].
// Dtypes:      gather any; scatter_add f32, bf16, each row of dx rounded once.
// Saved:       index.
// Order:       each row of dx that is named is added up by the warps of the first place that names it, in ascending
// order
//              of places: no atomics. A place looks for earlier ones with its index, 32 at a time.

#include "cuda/cuda_backend.h"
#include "cuda/rows.h"
#include "cuda/scratch.h"
#include "cuda/words.h"

namespace aio {

namespace {

using namespace cuda;

/// Entries of index from one batch to the next: 0 if it is shared.
std::int64_t batch_stride(const View& index) { return index.rank == 2 ? index.dim[1] : 0; }

/// Rows as words; one warp a row.
template <class Word>
__global__ void __launch_bounds__(kRowThreads)
    gather_kernel(Word* y, const Word* x, const std::int64_t* index, std::int64_t rows, std::int64_t N, std::int64_t V,
                  std::int64_t words, std::int64_t stride) {
  const std::int64_t r = global_warp_id();
  if (r >= rows) return;
  const std::int64_t b = r / N, v = index[b * stride + r % N];
  for (std::int64_t c = lane_id(); c < words; c += kWarp) move(y + r * words + c, x + (b * V + v) * words + c);
}

/// One warp for each place (b, n) and 32 N columns. The warp of the first place that names a row adds all that name it.
template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    scatter_kernel(T* dx, const T* dy, const std::int64_t* index, std::int64_t rows, std::int64_t places,
                   std::int64_t V, std::int64_t C, std::int64_t stride) {
  const std::int64_t r = global_warp_id();
  if (r >= rows) return;
  const std::int64_t b = r / places, n = r % places;
  const std::int64_t* const ids = index + b * stride;
  const std::int64_t v = ids[n];
  for (std::int64_t begin = 0; begin < n; begin += kWarp) {  // an earlier place does it
    const std::int64_t m = begin + lane_id();
    if (__ballot_sync(kAllLanes, m < n && ids[m] == v) != 0) return;
  }
  const std::int64_t c = (static_cast<std::int64_t>(blockIdx.y) * kWarp + lane_id()) * N;
  const bool mine = c < C;
  float sum[N] = {};
  T* const to = dx + (b * V + v) * C + c;
  if (mine) load_vector(sum, to);
  for (std::int64_t begin = n; begin < places; begin += kWarp) {
    const std::int64_t m = begin + lane_id();
    unsigned same = __ballot_sync(kAllLanes, m < places && ids[m] == v);
    while (same != 0) {  // ascending
      const std::int64_t place = begin + lowest_bit(same);
      same &= same - 1;
      if (!mine) continue;
      float g[N];
      load_vector(g, dy + (b * places + place) * C + c);
#pragma unroll
      for (int j = 0; j < N; ++j) sum[j] += g[j];
    }
  }
  if (mine) store_vector(to, sum);
}

/// One block: the smallest and the largest.
__global__ void __launch_bounds__(1024) range_kernel(std::int64_t* result, const std::int64_t* index, std::int64_t n) {
  AIO_SHARED(std::int64_t, lows, 1024 / kWarp);
  AIO_SHARED(std::int64_t, highs, 1024 / kWarp);
  std::int64_t low = index[0], high = low;
  for (std::int64_t i = thread_id(); i < n; i += 1024) {
    low = index[i] < low ? index[i] : low;
    high = index[i] > high ? index[i] : high;
  }
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const std::int64_t other_low = __shfl_xor_sync(kAllLanes, low, step);
    const std::int64_t other_high = __shfl_xor_sync(kAllLanes, high, step);
    low = other_low < low ? other_low : low;
    high = other_high > high ? other_high : high;
  }
  if (lane_id() == 0) {
    lows[thread_id() / kWarp] = low;
    highs[thread_id() / kWarp] = high;
  }
  __syncthreads();
  if (thread_id() != 0) return;
  for (int w = 1; w < 1024 / kWarp; ++w) {
    const std::int64_t other_low = lows[w], other_high = highs[w];
    low = other_low < low ? other_low : low;
    high = other_high > high ? other_high : high;
  }
  result[0] = low;
  result[1] = high;
}

}  // namespace

void CudaBackend::gather_rows(const View& y, const View& x, const View& index) {
  const std::int64_t N = y.dim[1], rows = y.dim[0] * N, row_bytes = y.dim[2] * size_of(y.dtype);
  dispatch_words(word_bytes(row_bytes, y.data, x.data), [&]<class Word>() {
    launch("gather_rows", stream(), row_grid(rows), gather_kernel<Word>, y.as<Word>(), x.as<Word>(),
           index.as<std::int64_t>(), rows, N, x.dim[1], row_bytes / static_cast<std::int64_t>(sizeof(Word)),
           batch_stride(index));
  });
}

void CudaBackend::scatter_add_rows(const View& dx, const View& dy, const View& index) {
  const std::int64_t N = dy.dim[1], C = dy.dim[2], rows = dy.dim[0] * N;
  dispatch_gpu_float(dx.dtype, [&]<class T>() {
    const auto run = [&]<int kColumns>() {
      Grid grid = row_grid(rows);
      grid.blocks.y = blocks_for(C, kWarp * kColumns);
      launch("scatter_add_rows", stream(), grid, scatter_kernel<kColumns, T>, dx.as<T>(), dy.as<T>(),
             index.as<std::int64_t>(), rows, N, dx.dim[1], C, batch_stride(index));
    };
    dispatch_columns<T>(C, run, dx.as<T>(), dy.as<T>());
  });
}

void CudaBackend::index_range(std::int64_t& low, std::int64_t& high, const View& index) {
  std::int64_t result[2];
  const Scratch scratch(*allocator_, sizeof result);
  launch("index_range", stream(), {1, 1024}, range_kernel, scratch.as<std::int64_t>(), index.as<std::int64_t>(),
         index.numel());
  copy_to_host(result, scratch.as<void>(), sizeof result);
  low = result[0];
  high = result[1];
}

}  // namespace aio
