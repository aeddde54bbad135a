#include "data/image_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "data/frame_checks.h"
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

/// False for a JPEG that breaks off: then stb_image gives the rest in grey. Its data end with the marker FF D9; in
/// them, FF is followed by 0 or by a marker (ITU-T T.81, B.1.1), but the header may hold a preview with an end of its
/// own.
bool ends_properly(std::span<const std::uint8_t> jpeg) {
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xFF && jpeg[at + 1] != 0xDA) {  // segments up to the start of the scan
    if (jpeg[at + 1] == 0xFF) {
      ++at;  // filling
    } else {
      at += 2 + (std::size_t{jpeg[at + 2]} << 8) + jpeg[at + 3];
    }
  }
  constexpr std::uint8_t kEnd[] = {0xFF, 0xD9};
  return at < jpeg.size() &&
         std::search(jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end(), kEnd, kEnd + 2) != jpeg.end();
}

}  // namespace

bool is_image(std::span<const std::uint8_t> first_bytes) {
  return begins_with(first_bytes, kJpeg) || begins_with(first_bytes, kPng);
}

FrameSize image_size(std::span<const std::uint8_t> encoded, const std::string& name, const MediaLimits& limits) {
  check(is_image(encoded), ErrorCode::format, name, ": not a JPEG or PNG picture");
  check(static_cast<std::int64_t>(encoded.size()) <= limits.image_bytes && encoded.size() <= INT32_MAX,
        ErrorCode::value, name, ": ", encoded.size(), " bytes, the limit for a picture is ", limits.image_bytes);
  int width = 0, height = 0, channels = 0;
  const bool known =
      stbi_info_from_memory(encoded.data(), static_cast<int>(encoded.size()), &width, &height, &channels) != 0;
  check(known, ErrorCode::format, name, ": not a picture that can be read: ", stbi_failure_reason());
  check(width <= limits.image_side && height <= limits.image_side, ErrorCode::value, name, ": ", width, " x ", height,
        " pixels, the limit is ", limits.image_side, " on a side");
  check_picture_size(name, width, height, limits.image_pixels);
  return {width, height};
}

Tensor decode_image(std::span<const std::uint8_t> encoded, const std::string& name, const MediaLimits& limits) {
  const FrameSize size = image_size(encoded, name, limits);
  check(!begins_with(encoded, kJpeg) || ends_properly(encoded), ErrorCode::format, name, ": the picture breaks off");
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
