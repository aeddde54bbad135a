#include "data/frame_sampling.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio {
namespace {

/// Where segment i of `segments` begins. The reference's edges are numpy's linspace cut to integers: i times a rounded
/// length of a segment, which for 1875 of the pairs up to (64, 3000) falls just short of the integer that it should be.
std::int64_t edge(std::int64_t i, std::int64_t segments, std::int64_t length, Compat compat) {
  if (compat == Compat::fixed || i == segments) return i * length / segments;
  return static_cast<std::int64_t>(static_cast<double>(i) *
                                   (static_cast<double>(length) / static_cast<double>(segments)));
}

}  // namespace

SampleMode parse_sample_mode(const std::string& text) {
  if (text == "uniform") return SampleMode::uniform;
  check(text == "random" || text == "rand", ErrorCode::config, "frame sampling: mode \"", text,
        "\", expected uniform or random");
  return SampleMode::random;
}

std::vector<std::int64_t> sample_frames(std::int64_t count, std::int64_t length, SampleMode mode, RngKey key,
                                        Compat compat) {
  check(count >= 1 && length >= 1, ErrorCode::value, "sample_frames: ", count, " frames of a clip of ", length,
        ", expected at least 1 of at least 1");
  // count * length stays far below 2^63: neither exceeds what memory and a file can hold.
  check(count <= INT32_MAX && length <= INT32_MAX, ErrorCode::value, "sample_frames: ", count, " frames of ", length,
        " are too many");
  const std::int64_t segments = std::min(count, length);
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < segments; ++i) {
    const std::int64_t first = edge(i, segments, length, compat);
    const std::int64_t last = edge(i + 1, segments, length, compat) - 1;
    if (mode == SampleMode::uniform) {
      frames.push_back((first + last) / 2);
      continue;
    }
    const std::int64_t choices = compat == Compat::fixed ? last - first + 1 : last - first;
    check(choices > 0, ErrorCode::value, "sample_frames: segment ", i, " of ", segments, " in a clip of ", length,
          " frames is one frame long; the reference draws none from it");
    const auto group = static_cast<std::uint64_t>(i) / 4;
    const std::uint64_t bits = random_bits(key, group).v[i % 4];
    frames.push_back(first + static_cast<std::int64_t>(bits * static_cast<std::uint64_t>(choices) >> 32));
  }
  if (compat == Compat::fixed) frames.resize(static_cast<std::size_t>(count), frames.back());
  return frames;
}

std::vector<std::int64_t> sample_frames(std::int64_t count, FrameRange range, SampleMode mode, RngKey key,
                                        Compat compat) {
  std::vector<std::int64_t> frames = sample_frames(count, range.count, mode, key, compat);
  for (std::int64_t& frame : frames) frame += range.first;
  return frames;
}

std::vector<std::int64_t> sample_window(std::int64_t count, std::int64_t centre, std::int64_t width,
                                        std::int64_t length, SampleMode mode, RngKey key, Compat compat) {
  check(length >= 1, ErrorCode::value, "sample_window: a clip of ", length, " frames");
  std::vector<std::int64_t> frames = sample_frames(count, width, mode, key, compat);
  for (std::int64_t& frame : frames) frame = std::clamp<std::int64_t>(frame + centre - width / 2, 0, length - 1);
  return frames;
}

}  // namespace aio
