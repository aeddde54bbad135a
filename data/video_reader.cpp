#include "data/video_reader.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

#include "data/frame_checks.h"
#include "data/media_file.h"
#include "data/video_demuxer.h"
#include "data/video_ffmpeg.h"
#include "data/video_index.h"
#include "data/video_picture.h"
#include "tensor/error.h"

extern "C" {
#include <libavutil/display.h>
}

namespace aio {
namespace {

Orientation orientation_of_stream(const AVStream& stream) {
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  return matrix == nullptr ? Orientation{} : orientation_of(reinterpret_cast<const std::int32_t*>(matrix));
}

/// False for packets that hold no picture to show: VP8's and VP9's alternate references are packets of their own in old
/// files. (RFC 6386, 9.1: bit 4 of the first byte; VP9 bitstream specification, 6.2 and annex B.)
bool shows_picture(AVCodecID codec, const AVPacket& packet) {
  if (packet.size == 0 || (packet.flags & AV_PKT_FLAG_DISCARD) != 0) return false;
  const unsigned first = packet.data[0];
  if (codec == AV_CODEC_ID_VP8) return (first & 0x10U) != 0;
  if (codec == AV_CODEC_ID_VP9 && (first & 0x30U) != 0x30U) {  // profile 3 has one bit more
    const bool superframe = (packet.data[packet.size - 1] & 0xE0U) == 0xC0U;
    const bool repeats = (first & 0x08U) != 0, shown = (first & 0x02U) != 0;
    return superframe || repeats || shown;
  }
  return true;
}

VideoPacket describe_packet(AVCodecID codec, const AVPacket& packet) {
  VideoPacket result;
  if (packet.pts != AV_NOPTS_VALUE) result.pts = packet.pts;
  if (packet.dts != AV_NOPTS_VALUE) result.dts = packet.dts;
  result.position = packet.pos;
  result.duration = packet.duration;
  result.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  result.shown = shows_picture(codec, packet);
  return result;
}

/// Decode times are left out: where the file holds none, FFmpeg makes them up, differently after a seek.
bool same_packet(const VideoPacket& a, const VideoPacket& b) {
  return a.position >= 0 && a.position == b.position && a.pts == b.pts;
}

}  // namespace

struct VideoReader::Impl {
  Impl(MediaFile opened, const MediaLimits& reader_limits);

  /// Counts and times the frames by reading all packets; of large files with a table, if that is trusted, by the table.
  void scan(bool trust_table);
  /// False if the table calls packet `number` a key frame and FFmpeg's parser, which looks into it, does not.
  bool key_as_promised(std::int64_t number);
  void open_decoder();
  /// Makes `packet` the one of this number, by reading on or by seeking.
  void fetch(std::int64_t number);
  /// Reads the next packet; false at the end of the file.
  bool read_on();
  /// Decodes packets first..last and hands each picture to `take` with its packet's number (with the number of pictures
  /// before it, where the file has no times), until that returns false. Of the packets not in `wanted` (ascending) only
  /// those are decoded that others may refer to, unless `all`.
  using Take = std::function<bool(std::int64_t number, const AVFrame& frame)>;
  void decode(std::int64_t first, std::int64_t last, std::span<const std::int64_t> wanted, bool all, const Take& take);

  MediaFile file;
  MediaLimits limits;
  Deadline deadline;
  std::unique_ptr<VideoDemuxer> demuxer;
  VideoIndex index;
  FrameSourceInfo info;
  Orientation orientation;
  FfmpegPtr<AVCodecContext> decoder;
  FfmpegPtr<AVPacket> packet{av_packet_alloc()};
  FfmpegPtr<AVFrame> frame{av_frame_alloc()};
  bool by_table = false;   // the index is the container's own word
  std::int64_t next = 0;   // number of the packet that the demuxer reads next
  std::int64_t held = -1;  // number of the one in `packet`
};

VideoReader::Impl::Impl(MediaFile opened, const MediaLimits& reader_limits)
    : file(std::move(opened)), limits(reader_limits) {
  av_log_set_level(AV_LOG_QUIET);
  deadline.start(limits.wall_seconds);
  demuxer = std::make_unique<VideoDemuxer>(file, limits, deadline);
  const AVCodecParameters& codec = *demuxer->stream().codecpar;
  check_picture_size(file.name(), codec.width, codec.height, limits.video_pixels);
  orientation = orientation_of_stream(demuxer->stream());
  info.size = {codec.width, codec.height};
  if (orientation.transpose) std::swap(info.size.width, info.size.height);
  scan(true);
  check(index.frames() > 0, ErrorCode::format, file.name(), ": there are no frames in it");
  info.frames = index.frames();
  info.seconds = static_cast<double>(index.end()) * av_q2d(demuxer->stream().time_base);
  info.fps = info.seconds > 0 ? static_cast<double>(info.frames) / info.seconds : 0;
}

void VideoReader::Impl::scan(bool trust_table) {
  std::vector<VideoPacket> packets;
  const AVCodecID codec = demuxer->stream().codecpar->codec_id;
  by_table = trust_table && file.bytes() > limits.read_whole && demuxer->leave_out_payload();
  while (demuxer->read(*packet)) {
    packets.push_back(describe_packet(codec, *packet));
    // A gif picture may be drawn over the one before; no packet but the first stands alone.
    if (codec == AV_CODEC_ID_GIF) packets.back().key = packets.size() == 1;
    check(static_cast<std::int64_t>(packets.size()) <= limits.video_frames, ErrorCode::value, file.name(),
          ": more than ", limits.video_frames, " frames, the limit");
  }
  next = static_cast<std::int64_t>(packets.size());
  held = -1;
  if (by_table) {
    demuxer->reopen();
    next = 0;
  }
  index = VideoIndex(std::move(packets));
}

bool VideoReader::Impl::key_as_promised(std::int64_t number) {
  if (!by_table || !index.packet(number).key) return true;
  fetch(number);
  return (packet->flags & AV_PKT_FLAG_KEY) != 0;
}

void VideoReader::Impl::open_decoder() {
  const AVStream& stream = demuxer->stream();
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  check(codec != nullptr, ErrorCode::format, file.name(), ": no decoder for ",
        avcodec_get_name(stream.codecpar->codec_id));
  decoder.reset(avcodec_alloc_context3(codec));
  check(decoder != nullptr, ErrorCode::oom, "video: out of memory");
  int status = avcodec_parameters_to_context(decoder.get(), stream.codecpar);
  decoder->thread_count = 1;                      // parallel over files
  decoder->max_pixels = 2 * limits.video_pixels;  // coded pictures are made of whole blocks, shown ones are not
  if (status >= 0) status = avcodec_open2(decoder.get(), codec, nullptr);
  check(status >= 0, ErrorCode::format, file.name(), ": the ", codec->name,
        " decoder refuses it: ", ffmpeg_error(status));
}

bool VideoReader::Impl::read_on() {
  held = -1;
  if (!demuxer->read(*packet)) return false;
  held = next++;
  return true;
}

void VideoReader::Impl::fetch(std::int64_t number) {
  if (held == number) return;
  const AVCodecID codec = demuxer->stream().codecpar->codec_id;
  if (next != number) {
    held = -1;
    // The packet that comes after a seek says where that led. Earlier than asked is fine; anything else: from the
    // start.
    std::int64_t found = -1;
    if (demuxer->seek(index.packet(number)) && demuxer->read(*packet)) {
      const VideoPacket here = describe_packet(codec, *packet);
      found = number;
      while (found >= 0 && !same_packet(index.packet(found), here)) --found;
    }
    if (found < 0) demuxer->reopen();
    next = found + 1;
    if (found == number) {
      held = found;
      return;
    }
  }
  while (next <= number) check(read_on(), ErrorCode::format, file.name(), ": it ends before frame ", number);
}

void VideoReader::Impl::decode(std::int64_t first, std::int64_t last, std::span<const std::int64_t> wanted, bool all,
                               const Take& take) {
  if (decoder == nullptr) open_decoder();
  avcodec_flush_buffers(decoder.get());
  std::int64_t count = 0;
  for (std::int64_t number = first; number <= last + 1; ++number) {
    const bool drain = number > last;
    if (!drain) {
      fetch(number);
      if (packet->size == 0) continue;  // would mean the end to the decoder
      const bool own = std::binary_search(wanted.begin(), wanted.end(), number);
      decoder->skip_frame = own || all ? AVDISCARD_DEFAULT : AVDISCARD_NONREF;
      packet->pts = packet->dts = number;  // travels through the decoder with the picture
    }
    // A packet that the decoder refuses is a frame that does not come; ffmpeg goes on, too.
    (void)avcodec_send_packet(decoder.get(), drain ? nullptr : packet.get());
    while (avcodec_receive_frame(decoder.get(), frame.get()) >= 0) {
      demuxer->check_deadline();
      if (!take(index.timed() ? frame->pts : count, *frame)) return;
      ++count;
    }
  }
}

VideoReader::VideoReader(const MediaSource& source, const MediaLimits& limits)
    : VideoReader(MediaFile(source), limits) {}
VideoReader::VideoReader(MediaFile file, const MediaLimits& limits)
    : impl_(std::make_unique<Impl>(std::move(file), limits)) {}
VideoReader::~VideoReader() = default;

const FrameSourceInfo& VideoReader::info() const { return impl_->info; }
double VideoReader::read_seconds() const { return impl_->file.read_seconds(); }

Tensor VideoReader::frames(std::span<const std::int64_t> indices, FrameSize size) {
  Impl& self = *impl_;
  const VideoIndex& index = self.index;
  self.deadline.start(self.limits.wall_seconds);
  if (size.width == 0) size = self.info.size;
  Tensor result = allocate_frames(self.file.name(), indices, self.info.frames, size, self.limits);

  // Packets of the wanted frames, each with its places in the result.
  std::map<std::int64_t, std::vector<std::int64_t>> places;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    places[index.packet_of(indices[i])].push_back(static_cast<std::int64_t>(i));
  }
  PictureConverter converter(self.orientation);
  const std::int64_t bytes = std::int64_t{size.height} * size.width * 3;
  const auto put = [&](std::int64_t number, const AVFrame& frame) {
    const auto found = places.find(number);
    if (found == places.end()) return;
    std::uint8_t* first = result.data<std::uint8_t>() + found->second.front() * bytes;
    check_picture_size(self.file.name(), frame.width, frame.height, self.limits.video_pixels);
    converter.convert(frame, size, first);
    for (const std::int64_t place : found->second) {
      std::uint8_t* copy = result.data<std::uint8_t>() + place * bytes;
      if (copy != first) std::memcpy(copy, first, static_cast<std::size_t>(bytes));
    }
    places.erase(found);
  };

  std::vector<std::int64_t> wanted(indices.begin(), indices.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (std::size_t i = 0; i < wanted.size();) {
    // One run of decoding for all frames that the next key frame does not part.
    const std::int64_t start = index.start_of(wanted[i]);
    if (!self.key_as_promised(start)) {
      self.demuxer->reopen();
      self.scan(false);
      return frames(indices, size);
    }
    std::int64_t last = index.packet_of(wanted[i]);
    std::vector<std::int64_t> run{last};
    for (++i; i < wanted.size() && index.start_of(wanted[i]) <= last; ++i) {
      run.push_back(index.packet_of(wanted[i]));
      last = std::max(last, run.back());
    }
    std::sort(run.begin(), run.end());
    const auto missing = [&] {
      return std::any_of(run.begin(), run.end(), [&](std::int64_t number) { return places.contains(number); });
    };
    const auto take = [&](std::int64_t number, const AVFrame& frame) {
      put(number, frame);
      return missing();
    };
    if (index.timed()) self.decode(start, last, run, false, take);
    // Key frames that are none (a gradual refresh), packets with two pictures, no times: all from the start, to the
    // end.
    if (missing()) self.decode(0, index.packets() - 1, run, true, take);
    check(!missing(), ErrorCode::format, self.file.name(), ": frame ", wanted[i - run.size()], " or one of the ",
          run.size() - 1, " wanted after it cannot be decoded");
  }
  return result;
}

FrameRange VideoReader::clip(double start, double end) {
  const VideoIndex& index = impl_->index;
  const double unit = av_q2d(impl_->demuxer->stream().time_base);
  return clip_range(impl_->file.name(), start, end, index.frames(),
                    [&](std::int64_t i) { return static_cast<double>(index.time_of(i)) * unit; });
}

}  // namespace aio
