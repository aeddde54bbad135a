#include "data/paint_boxes.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {
namespace {

constexpr std::int64_t kOutline = 3;  // pixels
constexpr int kColourTenths = 3;      // of the filling

/// A coordinate as a whole number of pixels from 0 to `size`.
std::int64_t pixel(double coordinate, std::int64_t size) {
  return static_cast<std::int64_t>(std::clamp(std::round(coordinate), 0.0, static_cast<double>(size)));
}

}  // namespace

std::array<std::uint8_t, 3> box_colour(std::size_t i) {
  const double hue = static_cast<double>(8 * i % kBoxColours) / kBoxColours;
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    // A channel is full for a third of the circle around its own hue, and falls to nothing over a sixth on both sides.
    const double apart = std::abs(std::remainder(hue - static_cast<double>(channel) / 3, 1.0));
    colour[channel] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(2 - 6 * apart, 0.0, 1.0)));
  }
  return colour;
}

Tensor paint_boxes(const Tensor& pictures, const std::vector<Box>& boxes) {
  check(pictures.dtype() == DType::u8 && pictures.rank() == 4 && pictures.dim(3) == 3, ErrorCode::shape,
        "paint_boxes: pictures are ", describe(pictures), ", expected u8 [n, H, W, 3]");
  const std::int64_t n = pictures.dim(0), height = pictures.dim(1), width = pictures.dim(2);
  const Tensor painted = raw::empty_like(pictures);
  raw::copy_(painted, pictures);
  auto* const pixels = painted.data<std::uint8_t>();
  for (std::size_t i = 0; i < std::min(boxes.size(), kBoxColours); ++i) {
    const std::array<std::uint8_t, 3> colour = box_colour(i);
    const std::int64_t left = pixel(boxes[i].left, width), right = pixel(boxes[i].right, width);
    const std::int64_t top = pixel(boxes[i].top, height), bottom = pixel(boxes[i].bottom, height);
    for (std::int64_t picture = 0; picture < n; ++picture) {
      for (std::int64_t y = top; y < bottom; ++y) {
        for (std::int64_t x = left; x < right; ++x) {
          const std::int64_t inside = std::min({x - left, right - 1 - x, y - top, bottom - 1 - y});
          auto* const rgb = pixels + ((picture * height + y) * width + x) * 3;
          for (std::size_t c = 0; c < 3; ++c) {
            const int mixed = ((10 - kColourTenths) * rgb[c] + kColourTenths * colour[c] + 5) / 10;
            rgb[c] = inside < kOutline ? colour[c] : static_cast<std::uint8_t>(mixed);
          }
        }
      }
    }
  }
  return painted;
}

}  // namespace aio
