#include "data/video_demuxer.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio {
namespace {

// Demuxers that read one file and nothing else. HLS, DASH, concat and SDP are text formats that name other files and
// addresses; they, and all that this list has not heard of, are refused whatever the file is called.
constexpr char kFormats[] = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpeg,mpegts";

// Nothing that a demuxer opens by itself comes through us (external tracks of a mov file, for instance).
int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EACCES); }

}  // namespace

void Deadline::start(double seconds) {
  end_ = std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
}

VideoDemuxer::VideoDemuxer(const MediaFile& file, const MediaLimits& limits, const Deadline& deadline)
    : file_(file), limits_(limits), deadline_(deadline) {
  open();
}

int VideoDemuxer::read_bytes(void* self, std::uint8_t* buffer, int size) {
  auto& demuxer = *static_cast<VideoDemuxer*>(self);
  try {  // no exception may pass through FFmpeg's frames
    const std::size_t got = demuxer.file_.read(buffer, static_cast<std::size_t>(size), demuxer.position_);
    demuxer.position_ += static_cast<std::int64_t>(got);
    return got == 0 ? AVERROR_EOF : static_cast<int>(got);
  } catch (const Error&) {
    return AVERROR(EIO);
  }
}

std::int64_t VideoDemuxer::seek_bytes(void* self, std::int64_t offset, int whence) {
  auto& demuxer = *static_cast<VideoDemuxer*>(self);
  const std::int64_t size = demuxer.file_.bytes();
  whence &= ~AVSEEK_FORCE;
  if (whence == AVSEEK_SIZE) return size;
  const std::int64_t from = whence == SEEK_CUR ? demuxer.position_ : whence == SEEK_END ? size : 0;
  if (offset > size - from || offset < -from) return AVERROR(EINVAL);
  return demuxer.position_ = from + offset;
}

void VideoDemuxer::open() {
  constexpr int kBuffer = 64 << 10;
  context_.reset();
  position_ = 0;
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBuffer));
  io_.reset(avio_alloc_context(buffer, kBuffer, 0, this, read_bytes, nullptr, seek_bytes));
  AVFormatContext* context = avformat_alloc_context();
  check(buffer != nullptr && io_ != nullptr && context != nullptr, ErrorCode::oom, "video: out of memory");
  context->pb = io_.get();
  context->io_open = refuse_open;
  context->max_streams = limits_.streams;
  context->interrupt_callback = {[](void* deadline) { return static_cast<const Deadline*>(deadline)->over() ? 1 : 0; },
                                 const_cast<Deadline*>(&deadline_)};
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kFormats, 0);
  av_dict_set(&options, "protocol_whitelist", "none", 0);
  const int status = avformat_open_input(&context, "", nullptr, &options);  // frees the context if it fails
  av_dict_free(&options);
  context_.reset(status >= 0 ? context : nullptr);
  check_deadline();
  check(status >= 0, ErrorCode::format, name(),
        ": not a video that is read here (mp4, mov, mkv, webm, avi, gif): ", ffmpeg_error(status));
  check(static_cast<int>(context->nb_streams) <= limits_.streams, ErrorCode::value, name(), ": ", context->nb_streams,
        " streams, the limit is ", limits_.streams);

  // Containers with a header say all that a decoder needs to know; for the others some packets have to be looked at.
  stream_ = choose_stream();
  if (stream_ == nullptr || stream_->codecpar->width <= 0 || stream_->codecpar->codec_id == AV_CODEC_ID_NONE) {
    avformat_find_stream_info(context, nullptr);
    check_deadline();
    stream_ = choose_stream();
  }
  check(stream_ != nullptr, ErrorCode::format, name(), ": there is no video in it");
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    if (context->streams[i] != stream_) context->streams[i]->discard = AVDISCARD_ALL;
  }
}

/// The largest picture, one marked as default before others, as ffmpeg chooses. Cover art is not a video.
AVStream* VideoDemuxer::choose_stream() const {
  AVStream* best = nullptr;
  std::int64_t best_score = -1;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    AVStream* stream = context_->streams[i];
    const AVCodecParameters& codec = *stream->codecpar;
    if (codec.codec_type != AVMEDIA_TYPE_VIDEO || (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) continue;
    const std::int64_t score = std::int64_t{codec.width} * codec.height +
                               ((stream->disposition & AV_DISPOSITION_DEFAULT) != 0 ? 5'000'000 : 0);
    if (score > best_score) {
      best = stream;
      best_score = score;
    }
  }
  return best;
}

bool VideoDemuxer::read(AVPacket& packet) {
  for (;;) {
    av_packet_unref(&packet);
    check_deadline();
    if (av_read_frame(context_.get(), &packet) < 0) {
      check_deadline();
      return false;
    }
    if (packet.stream_index == stream_->index) return true;
  }
}

bool VideoDemuxer::seek(const VideoPacket& packet) {
  const std::int64_t time = packet.dts != VideoPacket::kUnknown ? packet.dts : packet.pts;
  if (time == VideoPacket::kUnknown) return false;
  return av_seek_frame(context_.get(), stream_->index, time, AVSEEK_FLAG_BACKWARD) >= 0;
}

void VideoDemuxer::reopen() { open(); }

void VideoDemuxer::check_deadline() const {
  check(!deadline_.over(), ErrorCode::state, name(), ": reading it took longer than ", limits_.wall_seconds,
        " seconds");
}

}  // namespace aio
