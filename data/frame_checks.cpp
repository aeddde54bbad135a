#include "data/frame_checks.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio {

void check_picture_size(const std::string& name, std::int64_t width, std::int64_t height, std::int64_t limit) {
  check(width > 0 && height > 0, ErrorCode::format, name, ": the picture has no size");
  check(width <= limit / height, ErrorCode::value, name, ": ", width, " x ", height, " pixels, the limit is ", limit);
}

Tensor allocate_frames(const std::string& name, std::span<const std::int64_t> indices, std::int64_t frames,
                       FrameSize size, const MediaLimits& limits) {
  check(!indices.empty(), ErrorCode::value, name, ": no frames are asked for");
  for (const std::int64_t index : indices) {
    check(index >= 0 && index < frames, ErrorCode::index, name, ": there is no frame ", index, " of ", frames);
  }
  check(size.width > 0 && size.height > 0, ErrorCode::value, name, ": frames of ", size.width, " x ", size.height,
        " pixels are asked for");
  const auto count = static_cast<std::int64_t>(indices.size());
  check(std::int64_t{size.width} * size.height <= limits.output_bytes / 3 / count, ErrorCode::value, name, ": ", count,
        " frames of ", size.width, " x ", size.height, " are more than ", limits.output_bytes, " bytes, the limit");
  return Tensor::empty({count, size.height, size.width, 3}, {DType::u8});
}

FrameRange clip_range(const std::string& name, double start, double end, std::int64_t frames,
                      const std::function<double(std::int64_t)>& time_of) {
  check(start >= 0 && (end <= 0 || start < end), ErrorCode::value, name, ": no clip from second ", start, " to ", end);
  constexpr double kTolerance = 1e-6;  // 3.2 s and frame 80 of 25 a second are the same moment
  // Number of frames that begin before `second`.
  const auto before = [&](double second) {
    std::int64_t low = 0, high = frames;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (time_of(middle) < second) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  const std::int64_t first = std::max<std::int64_t>(before(start + kTolerance) - 1, 0);
  const std::int64_t last = end <= 0 ? frames : before(end - kTolerance);
  return {first, std::max<std::int64_t>(last - first, 1)};
}

}  // namespace aio
