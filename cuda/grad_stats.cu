// Size and health of a gradient: the sum of squares (its root is the gradient norm) and the count of non-finite values.
//
// Forward:  sum_of_squares = sum_i g_i^2,  non_finite = #{i : g_i is inf or NaN}, over the segments
// Shapes:   grad [n] -> two numbers. With non_finite > 0 the sum is inf or NaN.
// Dtypes:   f32; squares and sum are f64, so that no finite f32 gradient overflows.
// Order:    a block a chunk (segments.h), its threads added in one order; the host adds the chunks first to last. The
//           chunks and so the bits depend on the segments only.

#include <vector>

#include "cuda/cuda_backend.h"
#include "cuda/dispatch.h"
#include "cuda/segments.h"

namespace aio {

namespace {

using namespace cuda;

struct Nothing {};

__global__ void __launch_bounds__(kSegmentThreads)
    grad_stats_kernel(GradStats* parts, const float* grad, const SegmentChunk<Nothing>* chunks, bool aligned) {
  AIO_SHARED(double, sums, kSegmentThreads / kWarp);
  AIO_SHARED(int, counts, kSegmentThreads / kWarp);
  const SegmentChunk<Nothing> chunk = chunks[block_id()];
  double sum = 0;
  int count = 0;
  for_segment(chunk.begin, chunk.end, aligned, [&]<int N>(std::int64_t i) {
    float g[N];
    load_vector(g, grad + i);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      sum += static_cast<double>(g[j]) * static_cast<double>(g[j]);
      count += (float_to_bits(g[j]) & 0x7F800000U) == 0x7F800000U ? 1 : 0;  // the exponent of inf and NaN
    }
  });
  for (int step = kWarp / 2; step > 0; step /= 2) {
    sum += __shfl_xor_sync(kAllLanes, sum, step);
    count += __shfl_xor_sync(kAllLanes, count, step);
  }
  if (lane_id() == 0) {
    sums[thread_id() / kWarp] = sum;
    counts[thread_id() / kWarp] = count;
  }
  __syncthreads();
  if (thread_id() != 0) return;
  for (int w = 1; w < kSegmentThreads / kWarp; ++w) {
    sum += sums[w];
    count += counts[w];
  }
  parts[block_id()].sum_of_squares = sum;
  parts[block_id()].non_finite = count;
}

}  // namespace

GradStats CudaBackend::grad_stats(const View& grad, std::span<const ParamSegment> segments) {
  const SegmentTable<Nothing> table(*this, segments, [](const ParamSegment&) { return Nothing{}; });
  std::vector<GradStats> parts(table.size());
  const Scratch sums(allocator(), parts.size() * sizeof parts[0]);
  launch("grad_stats", stream(), table.grid(), grad_stats_kernel, sums.as<GradStats>(), grad.as<float>(),
         table.chunks(), aligned16(grad.data));
  copy_to_host(parts.data(), sums.as<void>(), parts.size() * sizeof parts[0]);
  GradStats total;
  for (const GradStats& part : parts) {
    total.sum_of_squares += part.sum_of_squares;
    total.non_finite += part.non_finite;
  }
  return total;
}

}  // namespace aio
