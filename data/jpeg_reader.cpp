#include "data/jpeg_reader.h"

#ifdef AIO_HAVE_JPEG
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
// after jpeglib.h: the build's options decide which codes there are
#include <jerror.h>

#include "tensor/error.h"
#endif

namespace aio {

#ifndef AIO_HAVE_JPEG

const char* jpeg_decoder() { return "stb_image"; }

std::optional<Tensor> decode_jpeg(std::span<const std::uint8_t>, FrameSize, const std::string&) { return std::nullopt; }

#else

namespace {

/// Codes for which libjpeg only warns, then invents the pixels that it could not decode.
constexpr std::array kDamage{JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_ARITH_BAD_CODE, JWRN_JPEG_EOF, JWRN_MUST_RESYNC};

/// libjpeg's state. Its errors jump back to where `back` was set: the functions that set it hold no object with a
/// destructor.
struct Jpeg {
  Jpeg() = default;
  ~Jpeg() { jpeg_destroy_decompress(&state); }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;

  jpeg_decompress_struct state{};
  jpeg_error_mgr errors{};
  std::jmp_buf back{};
  std::array<char, JMSG_LENGTH_MAX> message{};
};

[[noreturn]] void jump_back(j_common_ptr state) {
  auto* const jpeg = static_cast<Jpeg*>(state->client_data);
  jpeg->errors.format_message(state, jpeg->message.data());
  std::longjmp(jpeg->back, 1);
}

/// `level` is -1 for a warning, else a trace.
void on_message(j_common_ptr state, int level) {
  if (level >= 0) return;
  for (const int code : kDamage) {
    if (state->err->msg_code == code) jump_back(state);
  }
}

bool read_header(Jpeg& jpeg, std::span<const std::uint8_t> encoded) {
  jpeg.state.err = jpeg_std_error(&jpeg.errors);
  jpeg.errors.error_exit = jump_back;
  jpeg.errors.emit_message = on_message;
  jpeg.state.client_data = &jpeg;
  if (setjmp(jpeg.back) != 0) return false;
  jpeg_create_decompress(&jpeg.state);
  jpeg_mem_src(&jpeg.state, encoded.data(), encoded.size());
  jpeg_read_header(&jpeg.state, TRUE);
  return true;
}

/// All rows, to `pixels` of height * width * 3 bytes.
bool read_rows(Jpeg& jpeg, std::uint8_t* pixels) {
  if (setjmp(jpeg.back) != 0) return false;
  jpeg.state.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg.state);
  while (jpeg.state.output_scanline < jpeg.state.output_height) {
    JSAMPROW row = pixels + std::size_t{jpeg.state.output_scanline} * jpeg.state.output_width * 3;
    jpeg_read_scanlines(&jpeg.state, &row, 1);
  }
  jpeg_finish_decompress(&jpeg.state);
  return true;
}

}  // namespace

const char* jpeg_decoder() { return "libjpeg-turbo"; }

std::optional<Tensor> decode_jpeg(std::span<const std::uint8_t> encoded, FrameSize size, const std::string& name) {
  Jpeg jpeg;
  check(read_header(jpeg, encoded), ErrorCode::format, name, ": the picture is broken: ", jpeg.message.data());
  if (jpeg.state.num_components != 1 && jpeg.state.num_components != 3) return std::nullopt;
  check(jpeg.state.image_width == static_cast<JDIMENSION>(size.width) &&
            jpeg.state.image_height == static_cast<JDIMENSION>(size.height),
        ErrorCode::format, name, ": the picture changes its size");
  Tensor pixels = Tensor::empty({size.height, size.width, 3}, {DType::u8});
  check(read_rows(jpeg, static_cast<std::uint8_t*>(pixels.raw_data())), ErrorCode::format, name,
        ": the picture is broken: ", jpeg.message.data());
  return pixels;
}

#endif

}  // namespace aio
