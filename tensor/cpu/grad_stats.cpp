// Size and health of a gradient: the sum of squares (its root is the gradient norm) and the count of non-finite values.
//
// Forward:  sum_of_squares = sum_i g_i^2,  non_finite = #{i : g_i is inf or NaN}, over the segments
// Shapes:   grad [n] -> two numbers. With non_finite > 0 the sum is inf or NaN.
// Dtypes:   f32 or f64; squares and sum are f64, so that no finite f32 gradient overflows.
// Order:    sums of fixed blocks (segments.h), added first to last: the norm has the same bits at any thread count.

#include <cmath>
#include <limits>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/segments.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

template <class T>
GradStats block_stats(const T* g, std::int64_t n) {
  // Sixteen independent sums: the compiler turns the inner loops into vector instructions without reordering any sum.
  constexpr int kLanes = 16;
  double sums[kLanes] = {};
  std::int64_t counts[kLanes] = {};
  const auto add = [&](int lane, T value) {
    const double d = value;
    sums[lane] += d * d;
    counts[lane] += std::abs(value) <= std::numeric_limits<T>::max() ? 0 : 1;
  };
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) add(lane, g[i + lane]);
  for (int lane = 0; i + lane < n; ++lane) add(lane, g[i + lane]);
  GradStats stats;
  for (int lane = 0; lane < kLanes; ++lane) {
    stats.sum_of_squares += sums[lane];
    stats.non_finite += counts[lane];
  }
  return stats;
}

}  // namespace

GradStats CpuBackend::grad_stats(const View& grad, std::span<const ParamSegment> segments) {
  const auto blocks = cpu::segment_blocks(segments);
  std::vector<GradStats> parts(blocks.size());
  cpu::dispatch_flat(grad.dtype, [&]<class T>() {
    parallel_for(static_cast<std::int64_t>(blocks.size()), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const auto& block = blocks[static_cast<std::size_t>(i)];
        parts[static_cast<std::size_t>(i)] = block_stats(grad.as<const T>() + block.begin, block.end - block.begin);
      }
    });
  });
  GradStats total;
  for (const GradStats& part : parts) {
    total.sum_of_squares += part.sum_of_squares;
    total.non_finite += part.non_finite;
  }
  return total;
}

}  // namespace aio
