#include "data/video_picture.h"

#include <cmath>
#include <cstring>

#include "tensor/error.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace aio {

// The matrix maps a stored (x, y) to (a x + c y, b x + d y) with y pointing down.
Orientation orientation_of(const std::int32_t* matrix) {
  const double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  Orientation result;
  result.transpose = std::abs(b) + std::abs(c) > std::abs(a) + std::abs(d);
  result.flip_x = (result.transpose ? c : a) < 0;
  result.flip_y = (result.transpose ? b : d) < 0;
  return result;
}

/// Sets up the conversion as ffmpeg's scale filter does, so that the same numbers come out: bicubic where something has
/// to be interpolated (chroma, in formats without a fast path), the matrix and the range that the frame names, chroma
/// sited between rows for 4:2:0.
void PictureConverter::prepare(const AVFrame& frame, FrameSize stored) {
  const Input input{frame.width, frame.height, frame.format, frame.colorspace, frame.color_range};
  if (scaler_ != nullptr && input == input_ && stored_->width == stored.width && stored_->height == stored.height) {
    return;
  }
  input_ = input;
  const bool scales = stored.width != frame.width || stored.height != frame.height;
  scaler_.reset(sws_alloc_context());
  stored_.reset(av_frame_alloc());
  check(scaler_ != nullptr && stored_ != nullptr, ErrorCode::oom, "video: out of memory");
  SwsContext* scaler = scaler_.get();
  av_opt_set_int(scaler, "srcw", frame.width, 0);
  av_opt_set_int(scaler, "srch", frame.height, 0);
  av_opt_set_int(scaler, "src_format", frame.format, 0);
  av_opt_set_int(scaler, "dstw", stored.width, 0);
  av_opt_set_int(scaler, "dsth", stored.height, 0);
  av_opt_set_int(scaler, "dst_format", AV_PIX_FMT_RGB24, 0);
  av_opt_set_int(scaler, "sws_flags", scales ? SWS_BILINEAR : SWS_BICUBIC, 0);
  if (frame.format == AV_PIX_FMT_YUV420P) av_opt_set_int(scaler, "src_v_chr_pos", 128, 0);
  check(sws_init_context(scaler, nullptr, nullptr) >= 0, ErrorCode::format, "video: pixel format ", frame.format,
        " cannot be made RGB");
  int *inverse = nullptr, *forward = nullptr, full_range = 0, target_range = 0, brightness = 0, contrast = 0,
      saturation = 0;
  if (sws_getColorspaceDetails(scaler, &inverse, &full_range, &forward, &target_range, &brightness, &contrast,
                               &saturation) >= 0) {
    if (frame.color_range != AVCOL_RANGE_UNSPECIFIED) full_range = frame.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
    const int space = frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : frame.colorspace;
    sws_setColorspaceDetails(scaler, sws_getCoefficients(space), full_range, forward, target_range, brightness,
                             contrast, saturation);
  }
  // swscale's vector loops write whole vectors: rows of a multiple of 64 bytes, not the tensor's.
  stored_->width = stored.width;
  stored_->height = stored.height;
  stored_->format = AV_PIX_FMT_RGB24;
  check(av_frame_get_buffer(stored_.get(), 64) >= 0, ErrorCode::oom, "video: out of memory");
}

void PictureConverter::convert(const AVFrame& frame, FrameSize size, std::uint8_t* rgb) {
  const auto [transpose, flip_x, flip_y] = orientation_;
  const FrameSize stored = transpose ? FrameSize{size.height, size.width} : size;
  prepare(frame, stored);
  sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, stored_->data, stored_->linesize);
  const std::ptrdiff_t row = stored_->linesize[0];
  // In the stored picture: the place of the upright one's top left pixel, and the way to its right and lower neighbour.
  const std::ptrdiff_t right = transpose ? row : 3, down = transpose ? 3 : row;
  const std::uint8_t* from = stored_->data[0];
  if (flip_x) from += right * (size.width - 1);
  if (flip_y) from += down * (size.height - 1);
  const std::ptrdiff_t step_x = flip_x ? -right : right, step_y = flip_y ? -down : down;
  for (int y = 0; y < size.height; ++y, from += step_y) {
    std::uint8_t* to = rgb + std::ptrdiff_t{y} * size.width * 3;
    if (step_x == 3) {
      std::memcpy(to, from, static_cast<std::size_t>(size.width) * 3);
      continue;
    }
    const std::uint8_t* pixel = from;
    for (int x = 0; x < size.width; ++x, to += 3, pixel += step_x) {
      to[0] = pixel[0];
      to[1] = pixel[1];
      to[2] = pixel[2];
    }
  }
}

}  // namespace aio
