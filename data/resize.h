#pragma once
// Resizing of 8-bit pictures, as PIL does it: separable, antialiased, in fixed point.

#include "tensor/tensor.h"

namespace aio {

enum class ResizeFilter { bilinear, bicubic };

/// u8 [n, H, W, 3] -> u8 [n, height, width, 3], every value what PIL's Image.resize gives. Throws Error{value} for
/// sizes outside 1 .. 16384, Error{shape|dtype} for other tensors.
Tensor resize_frames(const Tensor& frames, int height, int width, ResizeFilter filter);

/// Rows top .. top+rows-1 and columns left .. left+columns-1 of that, without computing the rest.
Tensor resize_crop_frames(const Tensor& frames, int height, int width, int top, int left, int rows, int columns,
                          ResizeFilter filter);

}  // namespace aio
