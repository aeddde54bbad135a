#pragma once
// FrameSource: what a video file, an animated picture, a still and a folder of pictures have in common: numbered frames
// of one size, each shown from a certain second on.

#include <cstdint>
#include <memory>
#include <span>

#include "tensor/tensor.h"

namespace aio {

/// Width and height in pixels; {0, 0} stands for the native size.
struct FrameSize {
  int width = 0;
  int height = 0;
};

struct FrameSourceInfo {
  FrameSize size;           ///< as shown: after the rotation that the file asks for
  std::int64_t frames = 0;  ///< exact: the frames of the file are counted, its header is not trusted
  double seconds = 0;       ///< from the first frame's start to the last one's end
  double fps = 0;           ///< frames / seconds, an average where the frame rate varies
};

/// Frames first, first + 1, ..., first + count - 1.
struct FrameRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

class MediaFile;
struct MediaLimits;

class FrameSource {
 public:
  virtual ~FrameSource() = default;

  virtual const FrameSourceInfo& info() const = 0;
  /// Of all that was done with this source so far, what went into reading the file.
  virtual double read_seconds() const = 0;

  /// The frames numbered `indices`, in that order, u8 [n, H, W, 3] RGB; an index may stand there more than once. Frame
  /// i is the i-th one shown. `size`: every frame squeezed to it by swscale's bilinear filter, in the pass that makes
  /// RGB of the decoder's YUV (what decord does). Throws Error{index} outside 0 .. frames-1, Error{format} "clip.mp4:
  /// ..." for a frame that cannot be decoded, Error{value} beyond the limits, Error{state} past the time limit.
  virtual Tensor frames(std::span<const std::int64_t> indices, FrameSize size = {}) = 0;

  /// The frames seen in [start, end) seconds from the first frame's start; at least one: the frame on the screen at
  /// `start`, or the last. `end` <= 0: to the end. Throws Error{value} if start is negative or not below a positive
  /// end.
  virtual FrameRange clip(double start, double end) = 0;
};

/// A still picture (one frame, a second long) or a video, told apart by the first bytes. Throws as their readers do.
std::unique_ptr<FrameSource> open_frames(MediaFile file, const MediaLimits& limits);

}  // namespace aio
