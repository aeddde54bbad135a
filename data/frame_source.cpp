#include "data/frame_source.h"

#include "data/frame_checks.h"
#include "data/image_reader.h"
#include "data/media_file.h"
#include "data/resize.h"
#include "data/video_reader.h"
#include "tensor/raw.h"

namespace aio {
namespace {

class StillPicture : public FrameSource {
 public:
  StillPicture(const MediaFile& file, const MediaLimits& limits)
      : name_(file.name()), limits_(limits), picture_(raw::unsqueeze(read_image(file, limits), 0)) {
    info_.size = {static_cast<int>(picture_.dim(2)), static_cast<int>(picture_.dim(1))};
    info_.frames = 1;
    info_.seconds = info_.fps = 1;
    read_seconds_ = file.read_seconds();
  }

  const FrameSourceInfo& info() const override { return info_; }
  double read_seconds() const override { return read_seconds_; }

  Tensor frames(std::span<const std::int64_t> indices, FrameSize size) override {
    if (size.width == 0) size = info_.size;
    const Tensor result = allocate_frames(name_, indices, 1, size, limits_);
    const Tensor frame = size.width == info_.size.width && size.height == info_.size.height
                             ? picture_
                             : resize_frames(picture_, size.height, size.width, ResizeFilter::bilinear);
    for (std::int64_t i = 0; i < result.dim(0); ++i) raw::copy_(raw::slice(result, 0, i, i + 1), frame);
    return result;
  }

  FrameRange clip(double start, double end) override {
    return clip_range(name_, start, end, 1, [](std::int64_t) { return 0.0; });
  }

 private:
  std::string name_;
  MediaLimits limits_;
  Tensor picture_;
  FrameSourceInfo info_;
  double read_seconds_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> open_frames(MediaFile file, const MediaLimits& limits) {
  std::uint8_t first[16];
  const std::size_t count = file.read(first, sizeof(first), 0);
  if (is_image({first, count})) return std::make_unique<StillPicture>(file, limits);
  return std::make_unique<VideoReader>(std::move(file), limits);
}

}  // namespace aio
