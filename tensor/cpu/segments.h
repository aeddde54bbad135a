#pragma once
// How the optimizer kernels (adamw, sgd, grad_stats) walk the flat buffers: in blocks, each inside one segment.

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/backend.h"
#include "tensor/cpu/simd.h"

namespace aio::cpu {

/// 64 Ki elements: 256 KiB a buffer, so that a thread streams; one value for all machines, so that sums by block (the
/// gradient norm) have the same bits everywhere.
inline constexpr std::int64_t kSegmentBlock = 65536;

struct SegmentBlock {
  std::int64_t begin, end;
  const ParamSegment* segment;
};

/// All segments in order, cut into blocks of kSegmentBlock elements (the last of a segment may be shorter).
inline std::vector<SegmentBlock> segment_blocks(std::span<const ParamSegment> segments) {
  std::vector<SegmentBlock> blocks;
  for (const ParamSegment& segment : segments)
    for (std::int64_t begin = segment.begin; begin < segment.end; begin += kSegmentBlock)
      blocks.push_back({begin, std::min(segment.end, begin + kSegmentBlock), &segment});
  return blocks;
}

/// body.operator()<T>() with T = float or double, the types of the flat buffers.
template <class Body>
void dispatch_flat(DType dtype, Body&& body) {
  if (dtype == DType::f64) {
    body.template operator()<double>();
  } else {
    assert(dtype == DType::f32);
    body.template operator()<float>();
  }
}

/// The bf16 copy of `lanes` updated parameters.
template <class T>
[[gnu::always_inline]] inline void store_shadow(Vec<T> p, bf16* shadow, int lanes) {
  if constexpr (sizeof(T) == sizeof(float)) {
    p.store_n(shadow, lanes);
  } else {
    T values[Vec<T>::kWidth];
    p.store(values);
    for (int lane = 0; lane < lanes; ++lane) shadow[lane] = bf16(static_cast<float>(values[lane]));
  }
}

}  // namespace aio::cpu
