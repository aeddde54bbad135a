#pragma once
// Pictures to PNG files, through stb_image_write.

#include <string>

#include "tensor/tensor.h"

namespace aio {

/// The bytes of a PNG file of `image`, contiguous u8 [H, W, 3] RGB, sides 1 to 32768. Equal pixels give equal bytes.
/// Throws Error{shape, dtype} for other tensors, Error{oom}.
std::string encode_png(const Tensor& image);

/// The same into a file, whole or not at all. Throws Error{io}.
void write_png(const std::string& path, const Tensor& image);

}  // namespace aio
