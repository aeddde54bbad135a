#pragma once
// Text in pictures: a font of 5 x 8 dots, drawn in bitmap_font.cpp as one sees it.

#include <cstdint>
#include <string_view>

#include "tensor/tensor.h"

namespace aio {

struct PixelColour {
  std::uint8_t red, green, blue;
};

inline constexpr int kGlyphWidth = 6;   ///< 5 dots and the gap
inline constexpr int kGlyphHeight = 8;  ///< 7 dots above the base line, 1 below

/// Dots of one line of `text` in width, for scale 1.
int text_width(std::string_view text);

/// Writes one line of `text` into `image`, u8 [H, W, 3], its top left corner at (x, y), each dot `scale` pixels wide.
/// What lies outside the image is cut off; every character that is not printable ASCII becomes a box.
void draw_text(const Tensor& image, int x, int y, std::string_view text, int scale, PixelColour colour);

}  // namespace aio
