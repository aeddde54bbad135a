#pragma once
// From a decoder's picture (planes of luma and chroma, any pixel format) to upright RGB.

#include <cstdint>

#include "data/frame_source.h"
#include "data/video_ffmpeg.h"

namespace aio {

/// How a picture is to be turned before it is shown: the eight symmetries of a rectangle.
struct Orientation {
  bool transpose = false;  ///< first exchange rows and columns,
  bool flip_x = false;     ///< then mirror left and right,
  bool flip_y = false;     ///< then top and bottom
};

/// From the display matrix of mp4 and mov (3 x 3, 16.16 fixed point; ISO/IEC 14496-12, 8.2.2). Angles between quarter
/// turns are rounded to one.
Orientation orientation_of(const std::int32_t* matrix);

class PictureConverter {
 public:
  explicit PictureConverter(Orientation orientation) : orientation_(orientation) {}

  /// Writes u8 [height, width, 3] RGB to `rgb`. `size` is that of the upright picture; if the frame has another one it
  /// is scaled by the bilinear filter, else its values are those of `ffmpeg -pix_fmt rgb24`. Throws Error{format}.
  void convert(const AVFrame& frame, FrameSize size, std::uint8_t* rgb);

 private:
  void prepare(const AVFrame& frame, FrameSize stored);

  Orientation orientation_;
  FfmpegPtr<SwsContext> scaler_;
  FfmpegPtr<AVFrame> stored_;  // RGB as stored: before it is turned
  struct Input {
    int width = 0, height = 0, format = -1, space = -1, range = -1;
    bool operator==(const Input&) const = default;
  } input_;
};

}  // namespace aio
