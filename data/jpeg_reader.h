#pragma once
// JPEG pictures through libjpeg-turbo, if the build found it: its vector instructions decode photographs 1.9 to 2.5
// times as fast as stb_image (`aio_bench pictures`), and PIL's bytes are its bytes, which the reference trains on.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "data/frame_source.h"

namespace aio {

/// What decodes most JPEG files here: "libjpeg-turbo" or "stb_image".
const char* jpeg_decoder();

/// u8 [H, W, 3] RGB of a JPEG of `size`, grey or of three colours; nothing for other ones (CMYK), and for all of them
/// in a build without libjpeg-turbo. `name` is for messages. Throws Error{format} if it is damaged.
std::optional<Tensor> decode_jpeg(std::span<const std::uint8_t> encoded, FrameSize size, const std::string& name);

}  // namespace aio
