#include "data/image_writer.h"

#include "tensor/atomic_file.h"
#include "tensor/error.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC  // another library in the program may bring its own stb
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

namespace aio {

std::string encode_png(const Tensor& image) {
  check(image.dtype() == DType::u8, ErrorCode::dtype, "png: got ", describe(image), ", expected u8");
  check(image.rank() == 3 && image.dim(2) == 3 && image.is_contiguous(), ErrorCode::shape, "png: got ", describe(image),
        ", expected contiguous [H, W, 3]");
  constexpr std::int64_t max_side = 32768;  // stb_image_write computes sizes as int
  check(image.dim(0) >= 1 && image.dim(1) >= 1 && image.dim(0) <= max_side && image.dim(1) <= max_side &&
            image.numel() <= (std::int64_t{1} << 29),
        ErrorCode::shape, "png: got ", describe(image), ", expected sides from 1 to ", max_side,
        " and at most 2^29 bytes");
  std::string bytes;
  const int width = static_cast<int>(image.dim(1)), height = static_cast<int>(image.dim(0));
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  const int done = stbi_write_png_to_func(append, &bytes, width, height, 3, image.data<std::uint8_t>(), 3 * width);
  check(done != 0, ErrorCode::oom, "png: out of memory for ", describe(image));
  return bytes;
}

void write_png(const std::string& path, const Tensor& image) { write_atomically(path, encode_png(image)); }

}  // namespace aio
