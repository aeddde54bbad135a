#include "data/video_demuxer.h"

#include <algorithm>
#include <cstring>

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
    auto count = static_cast<std::size_t>(size);
    const std::size_t got = demuxer.skip(buffer, count) ? count : demuxer.file_.read(buffer, count, demuxer.position_);
    demuxer.position_ += static_cast<std::int64_t>(got);
    return got == 0 ? AVERROR_EOF : static_cast<int>(got);
  } catch (const Error&) {
    return AVERROR(EIO);
  }
}

/// True if the bytes at the position are left out: then those of them that were asked for are zero in `buffer`, and
/// `count` says how many. Else `count` ends where such bytes begin.
bool VideoDemuxer::skip(std::uint8_t* buffer, std::size_t& count) const {
  const auto after = std::upper_bound(left_out_.begin(), left_out_.end(), position_,
                                      [](std::int64_t position, const Range& range) { return position < range.begin; });
  const bool inside = after != left_out_.begin() && position_ < (after - 1)->end;
  const auto limit = [&](std::int64_t end) {
    count = std::min(count, static_cast<std::size_t>(std::max<std::int64_t>(end - position_, 0)));
  };
  if (inside) {
    limit(std::min((after - 1)->end, file_.bytes()));
    std::memset(buffer, 0, count);
  } else if (after != left_out_.end()) {
    limit(after->begin);
  }
  return inside;
}

bool VideoDemuxer::leave_out_payload() {
  const AVCodecID codec = stream_->codecpar->codec_id;
  const bool opaque = codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_MPEG4;
  const int packets = avformat_index_get_entries_count(stream_);
  if (!opaque || packets == 0 || std::strncmp(context_->iformat->name, "mov,", 4) != 0) return false;
  context_->flags |= AVFMT_FLAG_NOPARSE;  // parsers would look into the packets
  std::vector<Range> ranges;
  for (int i = 0; i < packets; ++i) {
    const AVIndexEntry& entry = *avformat_index_get_entry(stream_, i);
    if (entry.pos >= 0 && entry.pos < file_.bytes() && entry.size > 0)
      ranges.push_back({entry.pos, entry.pos + entry.size});
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (const Range& range : ranges) {
    if (left_out_.empty() || range.begin > left_out_.back().end) {
      left_out_.push_back(range);
    } else {
      left_out_.back().end = std::max(left_out_.back().end, range.end);
    }
  }
  return true;
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
  left_out_.clear();
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
  check(
      status >= 0, ErrorCode::format, name(),
      ": not a video or picture that is read here (mp4, mov, mkv, webm, avi, gif; JPEG, PNG): ", ffmpeg_error(status));
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
