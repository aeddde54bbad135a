// Size and health of a gradient: the sum of squares (its root is the gradient norm) and the count of non-finite values.
//
// Forward:  sum_of_squares = sum_i g_i^2,  non_finite = #{i : g_i is inf or NaN}, over the segments
// Shapes:   grad [n] -> two numbers. With non_finite > 0 the sum is inf or NaN.
// Dtypes:   f32 or f64; squares and sum are f64, so that no finite f32 gradient overflows.
// Order:    sums of fixed blocks (segments.h), added first to last: the norm has the same bits at any thread count.

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/cpu/segments.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::Vec;

double sum_of_squares(const double* g, std::int64_t n) {
  return cpu::sum_terms<double>(n, [&](std::int64_t i, int lanes) {
    const Vec<double> v = Vec<double>::load_n(g + i, lanes);
    return v * v;
  });
}

double sum_of_squares(const float* g, std::int64_t n) {
  constexpr std::int64_t kChunk = 1024;  // widened in L1
  double wide[kChunk];
  double sum = 0;
  for (std::int64_t i = 0; i < n; i += kChunk) {
    const std::int64_t count = std::min(kChunk, n - i);
    std::copy_n(g + i, count, wide);
    sum += sum_of_squares(wide, count);
  }
  return sum;
}

/// Looks for non-finite values only where the sum says that there may be some.
template <class T>
GradStats block_stats(const T* g, std::int64_t n) {
  GradStats stats;
  stats.sum_of_squares = sum_of_squares(g, n);
  if (!std::isfinite(stats.sum_of_squares))
    stats.non_finite = std::count_if(g, g + n, [](T value) { return !std::isfinite(value); });
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
