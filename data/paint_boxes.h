#pragma once
// Objects marked in a picture, so that a text can point at them: VCR's "person 0", "person 1" are told apart by colour,
// as the paper's code does (after MERLOT, Zellers et al. 2021).

#include <array>
#include <cstdint>
#include <vector>

#include "data/sample.h"
#include "tensor/tensor.h"

namespace aio {

/// As many objects as have a colour of their own; further ones are not painted.
inline constexpr std::size_t kBoxColours = 21;
/// RGB of object i < kBoxColours: the hues in steps of 8 / 21 of the circle, neighbours in number far apart in hue.
std::array<std::uint8_t, 3> box_colour(std::size_t i);

/// A copy of the pictures u8 [n, H, W, 3] with each box, clipped to the picture, filled by 3 parts of its colour to 7
/// of the picture and outlined by 3 pixels of it; later boxes over earlier ones. Throws Error{shape|dtype}.
Tensor paint_boxes(const Tensor& pictures, const std::vector<Box>& boxes);

}  // namespace aio
