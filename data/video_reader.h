#pragma once
// VideoReader: frames out of mp4, mov, mkv, webm, avi and gif files, through FFmpeg's libraries.
//
// The file is opened by us and read through our own callbacks: FFmpeg is given neither a name nor a protocol, and only
// the demuxers of those formats, so that a text file named clip.mp4 cannot make it open other files or the network.
// Decoding is in this process: a mistake in FFmpeg takes it down. Everything but tests reads through DecodeService.

#include <memory>
#include <string>

#include "data/frame_source.h"
#include "data/media_limits.h"
#include "data/media_source.h"

namespace aio {

class MediaFile;

class VideoReader : public FrameSource {
 public:
  /// Reads the container, counts and times all frames, decodes nothing. Throws Error{io} if the source is no readable
  /// regular file, Error{format} "clip.mp4: ..." if it is no such video or has no frames, Error{value} beyond `limits`.
  explicit VideoReader(const MediaSource& source, const MediaLimits& limits = {});
  explicit VideoReader(MediaFile file, const MediaLimits& limits = {});
  ~VideoReader() override;
  VideoReader(const VideoReader&) = delete;
  VideoReader& operator=(const VideoReader&) = delete;

  const FrameSourceInfo& info() const override;
  double read_seconds() const override;
  /// Decodes from the nearest key frame before a wanted frame, and of the frames between only those that others need.
  Tensor frames(std::span<const std::int64_t> indices, FrameSize size = {}) override;
  FrameRange clip(double start, double end) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aio
