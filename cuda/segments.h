#pragma once
// How the optimizer kernels (adamw, sgd, grad_stats) walk the flat buffers: one launch over a table of chunks, each
// inside one segment.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/gpu.h"
#include "cuda/scratch.h"
#include "tensor/backend.h"

namespace aio::cuda {

inline constexpr std::int64_t kSegmentChunk = 8192;  // elements of a block: 32 a thread, vectors of four
inline constexpr int kSegmentThreads = 256;

/// A chunk and what its segment's elements need. The numbers are computed on the host in f64 and rounded once.
template <class Coefficients>
struct SegmentChunk {
  std::int64_t begin = 0, end = 0;
  Coefficients coefficients;
};

/// All segments in order, cut into chunks that begin at multiples of four elements but for the first of a segment: the
/// flat buffers begin on 16 bytes, so vectors are aligned from there on. In device memory, with a grid of one block a
/// chunk.
template <class Coefficients>
class SegmentTable {
 public:
  /// `coefficients_of(segment)` gives a segment's.
  template <class Of>
  SegmentTable(Backend& backend, std::span<const ParamSegment> segments, Of&& coefficients_of)
      : SegmentTable(backend, cut(segments, coefficients_of)) {}

  const SegmentChunk<Coefficients>* chunks() const { return memory_.template as<const SegmentChunk<Coefficients>>(); }
  std::size_t size() const { return size_; }
  Grid grid() const { return {static_cast<unsigned>(size_), kSegmentThreads}; }

 private:
  using Chunks = std::vector<SegmentChunk<Coefficients>>;

  template <class Of>
  static Chunks cut(std::span<const ParamSegment> segments, Of&& coefficients_of) {
    Chunks chunks;
    for (const ParamSegment& segment : segments) {
      const Coefficients coefficients = coefficients_of(segment);
      for (std::int64_t begin = segment.begin; begin < segment.end;) {
        const std::int64_t end = std::min(segment.end, begin / kSegmentChunk * kSegmentChunk + kSegmentChunk);
        chunks.push_back({begin, end, coefficients});
        begin = end;
      }
    }
    return chunks;
  }
  SegmentTable(Backend& backend, const Chunks& chunks)
      : memory_(backend.allocator(), chunks.size() * sizeof chunks[0]), size_(chunks.size()) {
    if (size_ > 0) backend.copy_from_host(memory_.template as<void>(), chunks.data(), size_ * sizeof chunks[0]);
  }

  Scratch memory_;
  std::size_t size_;
};

/// body.operator()<n>(i) for the elements of [begin, end) that are this thread's: n = 4 on multiples of four, single
/// elements at the ends.
template <class Body>
__device__ inline void for_segment(std::int64_t begin, std::int64_t end, bool aligned, Body body) {
  const std::int64_t first = aligned ? (begin + 3) / 4 * 4 : end, last = aligned ? end / 4 * 4 : end;
  if (first >= last) {  // no whole vector
    for (std::int64_t i = begin + thread_id(); i < end; i += kSegmentThreads) body.template operator()<1>(i);
    return;
  }
  for (std::int64_t i = first + thread_id() * 4; i < last; i += kSegmentThreads * 4) body.template operator()<4>(i);
  if (thread_id() < first - begin) body.template operator()<1>(begin + thread_id());
  if (thread_id() < end - last) body.template operator()<1>(last + thread_id());
}

}  // namespace aio::cuda
