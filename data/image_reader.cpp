#include "data/image_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "data/frame_checks.h"
#include "data/jpeg_reader.h"
#include "tensor/error.h"

// Only what is read here is compiled, nothing that opens files, and no picture above the size limit's limit.
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_MAX_DIMENSIONS 16384
#include <stb/stb_image.h>

namespace aio {
namespace {

constexpr std::uint8_t kJpeg[] = {0xFF, 0xD8, 0xFF};
constexpr std::uint8_t kPng[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

template <std::size_t N>
bool begins_with(std::span<const std::uint8_t> bytes, const std::uint8_t (&magic)[N]) {
  return bytes.size() >= N && std::equal(magic, magic + N, bytes.begin());
}

/// Huffman tables (ITU-T T.81, B.2.4.2) define at most 256 codes; stb_image 2.27 writes beyond its table for more.
bool has_small_tables(std::span<const std::uint8_t> segment) {
  while (segment.size() >= 17) {
    const auto codes = std::accumulate(segment.begin() + 1, segment.begin() + 17, std::size_t{0});
    if (codes > 256) return false;
    segment = segment.subspan(std::min(17 + codes, segment.size()));
  }
  return true;
}

/// Walks a JPEG's markers (T.81, B.1.1) to the end marker, FF D9: it holds no harm that is known, and does not break
/// off, where stb_image would make the rest grey. Between markers lie compressed data, in which FF is followed by 0 or
/// by a restart marker without a segment.
bool is_whole_jpeg(std::span<const std::uint8_t> jpeg) {
  for (std::size_t at = 2; at + 1 < jpeg.size();) {
    const std::uint8_t marker = jpeg[at + 1];
    const bool restart = marker >= 0xD0 && marker <= 0xD7;
    if (jpeg[at] != 0xFF || marker == 0 || marker == 0xFF || restart) {
      ++at;
      continue;
    }
    if (marker == 0xD9) return true;
    if (at + 4 > jpeg.size()) return false;
    const std::size_t length = (std::size_t{jpeg[at + 2]} << 8) + jpeg[at + 3];  // its own two bytes included
    const auto segment =
        jpeg.subspan(at + 4, std::min(length - std::min<std::size_t>(length, 2), jpeg.size() - at - 4));
    if (marker == 0xC4 && !has_small_tables(segment)) return false;
    at += 2 + length;
  }
  return false;
}

}  // namespace

bool is_image(std::span<const std::uint8_t> first_bytes) {
  return begins_with(first_bytes, kJpeg) || begins_with(first_bytes, kPng);
}

FrameSize image_size(std::span<const std::uint8_t> encoded, const std::string& name, const MediaLimits& limits) {
  check(is_image(encoded), ErrorCode::format, name, ": not a JPEG or PNG picture");
  check(static_cast<std::int64_t>(encoded.size()) <= limits.image_bytes && encoded.size() <= INT32_MAX,
        ErrorCode::value, name, ": ", encoded.size(), " bytes, the limit for a picture is ", limits.image_bytes);
  check(!begins_with(encoded, kJpeg) || is_whole_jpeg(encoded), ErrorCode::format, name,
        ": the picture breaks off or is damaged");
  int width = 0, height = 0, channels = 0;
  const bool known =
      stbi_info_from_memory(encoded.data(), static_cast<int>(encoded.size()), &width, &height, &channels) != 0;
  check(known, ErrorCode::format, name, ": not a picture that can be read: ", stbi_failure_reason());
  check(width <= limits.image_side && height <= limits.image_side, ErrorCode::value, name, ": ", width, " x ", height,
        " pixels, the limit is ", limits.image_side, " on a side");
  check_picture_size(name, width, height, limits.image_pixels);
  return {width, height};
}

Tensor decode_image(std::span<const std::uint8_t> encoded, const std::string& name, const MediaLimits& limits,
                    ImageDecoder decoder) {
  const FrameSize size = image_size(encoded, name, limits);
  if (decoder == ImageDecoder::fastest && begins_with(encoded, kJpeg)) {
    if (auto pixels = decode_jpeg(encoded, size, name)) return *pixels;
  }
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(encoded.data(), static_cast<int>(encoded.size()), &width, &height, &channels, 3),
      stbi_image_free);
  check(pixels != nullptr, ErrorCode::format, name, ": the picture is broken: ", stbi_failure_reason());
  check(width == size.width && height == size.height, ErrorCode::format, name, ": the picture changes its size");
  const Tensor result = Tensor::empty({height, width, 3}, {DType::u8});
  std::memcpy(result.raw_data(), pixels.get(), static_cast<std::size_t>(result.numel()));
  return result;
}

Tensor read_image(const MediaFile& file, const MediaLimits& limits) {
  check(file.bytes() <= limits.image_bytes, ErrorCode::value, file.name(), ": ", file.bytes(),
        " bytes, the limit for a picture is ", limits.image_bytes);
  std::vector<std::uint8_t> encoded(static_cast<std::size_t>(file.bytes()));
  encoded.resize(file.read(encoded.data(), encoded.size(), 0));
  return decode_image(encoded, file.name(), limits);
}

}  // namespace aio
