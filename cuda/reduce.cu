// Sums over one dimension.
//
// Forward:  y[o, i] = sum_k x[o, k, i], x [outer, n, inner], y [outer, inner]. Its gradient repeats dy.
// Dtypes:   f32, bf16; summed in f32, rounded once to y's type.
// Order:    n is cut into chunks whose size depends on the shape only; a chunk is summed by itself, chunks are added
//           first to last. No atomics: same bits always.

#include "cuda/column_sums.h"
#include "cuda/cuda_backend.h"
#include "cuda/rows.h"

namespace aio {

namespace {

using namespace cuda;

constexpr std::int64_t kRun = 4096;  // elements of a row that one warp sums: 128 a lane

/// y[r, part] = sum of x[r, part * kRun .. ): one warp each. N divides n and kRun.
template <int N, class To, class T>
__global__ void __launch_bounds__(kRowThreads)
    sum_runs(To* y, const T* x, std::int64_t rows, std::int64_t n, std::int64_t parts) {
  const std::int64_t unit = global_warp_id();
  if (unit >= rows * parts) return;
  const std::int64_t first = unit % parts * kRun, count = n - first < kRun ? n - first : kRun;
  const T* const run = x + unit / parts * n + first;
  float sum[N] = {};
  for_columns<N>(count, [&](std::int64_t c) {
    float v[N];
    load_vector(v, run + c);
#pragma unroll
    for (int j = 0; j < N; ++j) sum[j] += v[j];
  });
  float total = 0;
#pragma unroll
  for (int j = 0; j < N; ++j) total += sum[j];
  total = warp_sum(total);
  if (lane_id() == 0) y[unit] = from_float<To>(total);
}

/// y [rows] = the sums of x [rows, n]; long rows in several rounds.
template <class To, class T>
void sum_rows(Stream stream, Allocator& allocator, To* y, const T* x, std::int64_t rows, std::int64_t n) {
  const std::int64_t parts = n <= kRun ? 1 : (n + kRun - 1) / kRun;
  dispatch_columns<T>(
      n,
      [&]<int N>() {
        if (parts == 1) return launch("sum_dim", stream, row_grid(rows), sum_runs<N, To, T>, y, x, rows, n, parts);
        const Scratch partial(allocator, static_cast<std::size_t>(rows * parts) * sizeof(float));
        launch("sum_dim", stream, row_grid(rows * parts), sum_runs<N, float, T>, partial.as<float>(), x, rows, n,
               parts);
        sum_rows<To, float>(stream, allocator, y, partial.as<float>(), rows, parts);
      },
      x);
}

template <class T>
struct Elements {
  static constexpr int kTerms = 1;
  const T* x;
  std::int64_t rows, cols;
  template <int N>
  __device__ void operator()(std::int64_t o, std::int64_t r, std::int64_t c, float (&t)[1][N]) const {
    load_vector(t[0], x + (o * rows + r) * cols + c);
  }
};

}  // namespace

void CudaBackend::sum_dim(const View& y, const View& x) {
  const std::int64_t outer = x.dim[0], n = x.dim[1], inner = x.dim[2];
  if (outer * inner == 0) return;
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    if (inner == 1) return sum_rows<T, T>(stream(), allocator(), y.as<T>(), x.as<T>(), outer, n);
    if (n <= 32)
      return launch("sum_dim", stream(), map_grid(outer * inner, 1), sum_few<T, T>, y.as<T>(), nullptr, x.as<T>(),
                    outer * inner, n, inner);
    dispatch_columns<T>(
        inner,
        [&]<int N>() {
          column_sums<N, T>("sum_dim", stream(), allocator(), {y.as<T>()}, outer, n, inner,
                            Elements<T>{x.as<T>(), n, inner});
        },
        x.as<T>());
  });
}

}  // namespace aio
