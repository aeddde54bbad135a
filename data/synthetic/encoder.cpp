#include "data/synthetic/encoder.h"

#include <cstdint>
#include <cstring>
#include <memory>

#include "tensor/error.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace aio::synthetic {
namespace {

constexpr int kQuantiser = 2;  // of 1 to 31
/// For frames that equal the one before: nothing of the key frame's rounding error is left to encode, so the picture
/// stays as it was decoded.
constexpr int kCoarsest = 31;
constexpr int kMaxKeyFrameDistance = 600;  // the encoder's own limit

void succeed(int code, const char* what) {
  if (code >= 0) return;
  char reason[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, reason, sizeof reason);
  fail(ErrorCode::io, "encoder: ", what, ": ", reason);
}

template <class T>
T* made(T* object) {
  check(object != nullptr, ErrorCode::oom, "encoder: out of memory");
  return object;
}

struct CodecDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FrameDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
/// The muxer and the memory that it writes to.
struct MuxerDeleter {
  void operator()(AVFormatContext* muxer) const {
    if (muxer->pb != nullptr) {
      std::uint8_t* bytes = nullptr;
      avio_close_dyn_buf(muxer->pb, &bytes);
      av_free(bytes);
    }
    avformat_free_context(muxer);
  }
};
using Codec = std::unique_ptr<AVCodecContext, CodecDeleter>;
using Muxer = std::unique_ptr<AVFormatContext, MuxerDeleter>;
using Frame = std::unique_ptr<AVFrame, FrameDeleter>;
using Packet = std::unique_ptr<AVPacket, PacketDeleter>;

Codec open_codec(int width, int height, int frames_per_second) {
  const AVCodec* encoder = avcodec_find_encoder_by_name("mpeg4");
  check(encoder != nullptr, ErrorCode::config, "encoder: this libavcodec has no MPEG-4 encoder");
  Codec codec(made(avcodec_alloc_context3(encoder)));
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = {1, frames_per_second};
  codec->framerate = {frames_per_second, 1};
  codec->gop_size = kMaxKeyFrameDistance;  // each frame says itself whether it is a key frame
  codec->max_b_frames = 0;
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_GLOBAL_HEADER;
  codec->global_quality = FF_QP2LAMBDA * kQuantiser;
  codec->dct_algo = FF_DCT_INT;  // the same on every processor
  codec->idct_algo = FF_IDCT_SIMPLE;
  // No search for motion where there is none: a block of a flat area matches anywhere.
  succeed(av_opt_set(codec->priv_data, "motion_est", "zero", 0), "cannot turn motion search off");
  succeed(avcodec_open2(codec.get(), encoder, nullptr), "cannot open the MPEG-4 encoder");
  return codec;
}

Muxer open_muxer(const AVCodecContext& codec) {
  AVFormatContext* context = nullptr;
  succeed(avformat_alloc_output_context2(&context, nullptr, "mp4", nullptr), "cannot make an MP4 file");
  Muxer muxer(context);
  muxer->flags |= AVFMT_FLAG_BITEXACT;
  AVStream* stream = made(avformat_new_stream(muxer.get(), nullptr));
  succeed(avcodec_parameters_from_context(stream->codecpar, &codec), "cannot describe the stream");
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  succeed(avio_open_dyn_buf(&muxer->pb), "cannot make a buffer");
  succeed(avformat_write_header(muxer.get(), nullptr), "cannot write the header");
  return muxer;
}

std::uint8_t clamp_byte(int value) { return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }

/// RGB to Y'CbCr as BT.601 has it, studio range (Y' 16 to 235), in 16-bit fixed point; colour at half resolution as the
/// mean of four pixels. Our own lines rather than libswscale's, whose rounding depends on the processor.
void to_yuv420(const std::uint8_t* rgb, int width, int height, AVFrame& frame) {
  for (int row = 0; row < height; ++row) {
    std::uint8_t* luma = frame.data[0] + static_cast<std::ptrdiff_t>(row) * frame.linesize[0];
    for (int x = 0; x < width; ++x) {
      const std::uint8_t* p = rgb + (static_cast<std::ptrdiff_t>(row) * width + x) * 3;
      luma[x] = clamp_byte((16829 * p[0] + 33039 * p[1] + 6416 * p[2] + (1 << 15) + (16 << 16)) >> 16);
    }
  }
  for (int row = 0; row < height / 2; ++row) {
    for (int x = 0; x < width / 2; ++x) {
      int sum[3] = {};
      for (int corner = 0; corner < 4; ++corner) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(2 * row + corner / 2) * width + 2 * x + corner % 2;
        for (int c = 0; c < 3; ++c) sum[c] += rgb[at * 3 + c];
      }
      constexpr int half = (1 << 17) + (128 << 18);
      frame.data[1][static_cast<std::ptrdiff_t>(row) * frame.linesize[1] + x] =
          clamp_byte((-9714 * sum[0] - 19070 * sum[1] + 28784 * sum[2] + half) >> 18);
      frame.data[2][static_cast<std::ptrdiff_t>(row) * frame.linesize[2] + x] =
          clamp_byte((28784 * sum[0] - 24103 * sum[1] - 4681 * sum[2] + half) >> 18);
    }
  }
}

/// Writes what the encoder has ready.
void drain(AVCodecContext& codec, AVFormatContext& muxer, AVPacket& packet) {
  for (;;) {
    const int code = avcodec_receive_packet(&codec, &packet);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
    succeed(code, "cannot encode");
    packet.duration = 1;
    av_packet_rescale_ts(&packet, codec.time_base, muxer.streams[0]->time_base);
    packet.stream_index = 0;
    succeed(av_interleaved_write_frame(&muxer, &packet), "cannot write a frame");
  }
}

void check_frames(const Tensor& frames, int frames_per_second, int key_frame_every) {
  check(frames.dtype() == DType::u8, ErrorCode::dtype, "encoder: got ", describe(frames), ", expected u8");
  check(frames.rank() == 4 && frames.dim(3) == 3 && frames.dim(0) >= 1 && frames.dim(0) <= 10000 &&
            frames.is_contiguous(),
        ErrorCode::shape, "encoder: got ", describe(frames), ", expected contiguous [T, H, W, 3], 1 <= T <= 10000");
  for (int i = 1; i <= 2; ++i) {
    check(frames.dim(i) >= 16 && frames.dim(i) <= 4096 && frames.dim(i) % 2 == 0, ErrorCode::shape, "encoder: got ",
          describe(frames), ", expected even heights and widths from 16 to 4096");
  }
  check(frames_per_second >= 1 && frames_per_second <= 240 && key_frame_every >= 1 &&
            key_frame_every <= kMaxKeyFrameDistance,
        ErrorCode::config, "encoder: got ", frames_per_second, " frames a second and key frames every ",
        key_frame_every, ", expected 1 to 240 and 1 to ", kMaxKeyFrameDistance);
}

}  // namespace

std::string encode_mp4(const Tensor& frames, int frames_per_second, int key_frame_every) {
  check_frames(frames, frames_per_second, key_frame_every);
  const int height = static_cast<int>(frames.dim(1)), width = static_cast<int>(frames.dim(2));
  const Codec codec = open_codec(width, height, frames_per_second);
  const Muxer muxer = open_muxer(*codec);
  const Packet packet(made(av_packet_alloc()));
  const auto bytes = static_cast<std::size_t>(frames.numel() / frames.dim(0));
  for (std::int64_t t = 0; t < frames.dim(0); ++t) {
    const Frame frame(made(av_frame_alloc()));
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = width;
    frame->height = height;
    frame->pts = t;
    succeed(av_frame_get_buffer(frame.get(), 0), "cannot make a frame");
    const std::uint8_t* rgb = frames.data<std::uint8_t>() + t * static_cast<std::int64_t>(bytes);
    to_yuv420(rgb, width, height, *frame);
    const bool changed = t == 0 || std::memcmp(rgb, rgb - bytes, bytes) != 0;
    const bool key = changed || t % key_frame_every == 0;
    frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_P;
    frame->quality = FF_QP2LAMBDA * (key ? kQuantiser : kCoarsest);
    succeed(avcodec_send_frame(codec.get(), frame.get()), "cannot encode");
    drain(*codec, *muxer, *packet);
  }
  succeed(avcodec_send_frame(codec.get(), nullptr), "cannot encode");
  drain(*codec, *muxer, *packet);
  succeed(av_write_trailer(muxer.get()), "cannot finish the file");
  std::uint8_t* data = nullptr;
  const int size = avio_close_dyn_buf(muxer->pb, &data);
  muxer->pb = nullptr;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(data, av_free);
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

}  // namespace aio::synthetic
