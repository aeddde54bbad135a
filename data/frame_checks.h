#pragma once
// What every frame source checks and computes the same way.

#include <functional>
#include <span>
#include <string>

#include "data/frame_source.h"
#include "data/media_limits.h"

namespace aio {

/// Throws Error{format} for an empty picture, Error{value} above `limit` pixels.
void check_picture_size(const std::string& name, std::int64_t width, std::int64_t height, std::int64_t limit);

/// An unwritten u8 [n, size.height, size.width, 3]. Throws Error{index} if an index is outside 0 .. frames-1,
/// Error{value} if there are none, or beyond `limits`.
Tensor allocate_frames(const std::string& name, std::span<const std::int64_t> indices, std::int64_t frames,
                       FrameSize size, const MediaLimits& limits);

/// FrameSource::clip for frames whose starts are `time_of(i)` seconds, ascending.
FrameRange clip_range(const std::string& name, double start, double end, std::int64_t frames,
                      const std::function<double(std::int64_t)>& time_of);

}  // namespace aio
