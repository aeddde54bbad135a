#pragma once
// VideoDemuxer: the compressed packets of a file's video stream. The part of FFmpeg that strangers' bytes meet first,
// and where it is told what it may not do.

#include <chrono>
#include <cstdint>
#include <vector>

#include "data/media_file.h"
#include "data/media_limits.h"
#include "data/video_ffmpeg.h"
#include "data/video_index.h"

namespace aio {

/// The moment at which work on a file is given up.
class Deadline {
 public:
  void start(double seconds);
  bool over() const { return std::chrono::steady_clock::now() > end_; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::time_point::max();
};

class VideoDemuxer {
 public:
  /// Reads the header and chooses the stream. Throws Error{format} if FFmpeg finds none of the allowed formats or no
  /// video, Error{value} beyond `limits`. `deadline` is asked while reading; both must outlive this object.
  VideoDemuxer(const MediaFile& file, const MediaLimits& limits, const Deadline& deadline);

  AVStream& stream() const { return *stream_; }
  /// The stream's next packet, or false at the end of the file, which is also where a file breaks off. Throws
  /// Error{state} once the deadline is over.
  bool read(AVPacket& packet);
  /// Continues with some packet at or before this one. Returns false if the format cannot; then reopen().
  bool seek(const VideoPacket& packet);
  /// Continues with the first packet.
  void reopen();
  /// If the container has a table of its packets (mp4 and mov with H.264, HEVC, MPEG-4): what lies in them is no longer
  /// read from the file but zero, and which are key frames is what the table says. Until reopen(). Returns false, and
  /// changes nothing, for other files. To be called before the first packet.
  bool leave_out_payload();

  const std::string& name() const { return file_.name(); }
  void check_deadline() const;

 private:
  static int read_bytes(void* self, std::uint8_t* buffer, int size);
  bool skip(std::uint8_t* buffer, std::size_t& count) const;
  static std::int64_t seek_bytes(void* self, std::int64_t offset, int whence);
  void open();
  AVStream* choose_stream() const;

  const MediaFile& file_;
  const MediaLimits& limits_;
  const Deadline& deadline_;
  std::int64_t position_ = 0;
  FfmpegPtr<AVIOContext> io_;  // outlives context_
  FfmpegPtr<AVFormatContext> context_;
  AVStream* stream_ = nullptr;

  /// Bytes of the file that are not read.
  struct Range {
    std::int64_t begin, end;
  };
  std::vector<Range> left_out_;  // ascending, disjoint
};

}  // namespace aio
