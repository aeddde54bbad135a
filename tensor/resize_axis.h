#pragma once
// Where a place of a bilinearly resized axis reads, on every device.
//
// Output place i reads source place s = scale (i + 1/2) - 1/2, scale = in / out, clamped to >= 0; with align_corners
// s = i (in - 1) / (out - 1), so that first and last places coincide. With k = floor(s), a = s - k:
// y[i] = (1 - a) x[k] + a x[min(k + 1, in - 1)].

#include <math.h>  // fma and floor by the names that CUDA has too

#include <cstdint>

#include "tensor/philox.h"

namespace aio {

/// y[i] = weight_low x[low] + weight_high x[high]. `low` ascends with i.
template <class A>
struct ResizeTap {
  std::int64_t low, high;
  A weight_low, weight_high;

  /// What x[k] counts.
  AIO_HOST_DEVICE A weight(std::int64_t k) const { return (low == k ? weight_low : 0) + (high == k ? weight_high : 0); }
};

/// An axis of `in` places that becomes one of `out`. A is the type of places and weights.
template <class A>
struct ResizeAxis {
  std::int64_t in, out;
  bool align_corners;

  AIO_HOST_DEVICE A scale() const {
    if (!align_corners) return static_cast<A>(in) / static_cast<A>(out);
    return out > 1 ? static_cast<A>(in - 1) / static_cast<A>(out - 1) : A{0};
  }
  AIO_HOST_DEVICE ResizeTap<A> tap(std::int64_t i) const {
    // One rounding, as PyTorch's gradient (its forward pass rounds twice from about 200 places on: 1e-5 apart there).
    const A centred = fma(scale(), static_cast<A>(i) + A{0.5}, A{-0.5});
    const A place = align_corners ? scale() * static_cast<A>(i) : centred > 0 ? centred : A{0};
    const auto below = static_cast<std::int64_t>(floor(place)), low = below < in ? below : in - 1;
    const A beyond = place - static_cast<A>(low), a = beyond < 1 ? beyond : A{1};
    return {low, low + 1 < in ? low + 1 : low, 1 - a, a};
  }
};

}  // namespace aio
