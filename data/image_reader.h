#pragma once
// JPEG and PNG pictures through stb_image, most JPEGs through libjpeg-turbo (jpeg_reader.h). Their format is told by
// their first bytes, never by their name, and their size is checked before a pixel is decoded. Decoding is in this
// process; everything but tests reads through DecodeService.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "data/frame_source.h"
#include "data/media_file.h"
#include "data/media_limits.h"

namespace aio {

/// True if the bytes begin like a JPEG or PNG file.
bool is_image(std::span<const std::uint8_t> first_bytes);

/// `fastest`: libjpeg-turbo for the JPEGs that it takes, where the build has it; `stb` for comparisons.
enum class ImageDecoder { fastest, stb };

/// u8 [H, W, 3] RGB: grey is repeated, transparency dropped without blending, 16 bits cut to 8, the orientation in a
/// JPEG's EXIF data ignored, as PIL's convert("RGB") does. `name` is for messages. Throws Error{format} "cat.jpg: ..."
/// for anything but an intact JPEG or PNG, Error{value} beyond `limits`.
Tensor decode_image(std::span<const std::uint8_t> encoded, const std::string& name, const MediaLimits& limits = {},
                    ImageDecoder decoder = ImageDecoder::fastest);
Tensor read_image(const MediaFile& file, const MediaLimits& limits = {});

/// Height and width of an encoded picture, from its header.
FrameSize image_size(std::span<const std::uint8_t> encoded, const std::string& name, const MediaLimits& limits = {});

}  // namespace aio
