#include "apps/visualizer/heat_map.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr std::int64_t kLeastSide = 192;

/// Black body colours: red first, then green.
void colour_of(double heat, double rgb[3]) {
  rgb[0] = 255 * std::min(1.0, 0.35 + heat);
  rgb[1] = 255 * std::clamp(1.3 * heat - 0.35, 0.0, 0.9);
  rgb[2] = 0;
}

/// `pixel(t, y, x, c)` of a picture `factor` times as large.
template <class Pixel>
Tensor paint(const Tensor& pictures, std::int64_t factor, Pixel&& pixel) {
  const std::int64_t T = pictures.dim(0), side = pictures.dim(1) * factor;
  const Tensor out = Tensor::empty({T, side, side, 3}, {DType::u8});
  auto* to = out.data<std::uint8_t>();
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t y = 0; y < side; ++y) {
      for (std::int64_t x = 0; x < side; ++x) {
        for (std::int64_t c = 0; c < 3; ++c) *to++ = pixel(t, y / factor, x / factor, c);
      }
    }
  }
  return out;
}

std::int64_t factor_of(const Tensor& pictures) { return (kLeastSide + pictures.dim(1) - 1) / pictures.dim(1); }

}  // namespace

Tensor enlarged(const Tensor& pictures) {
  const std::vector<std::uint8_t> from = pictures.to_vector<std::uint8_t>();
  const std::int64_t side = pictures.dim(1);
  return paint(pictures, factor_of(pictures), [&](std::int64_t t, std::int64_t y, std::int64_t x, std::int64_t c) {
    return from[static_cast<std::size_t>(((t * side + y) * side + x) * 3 + c)];
  });
}

Tensor heat_overlay(const Tensor& pictures, const std::vector<double>& heat, double threshold) {
  const std::int64_t T = pictures.dim(0), side = pictures.dim(1);
  const auto patches = static_cast<std::int64_t>(heat.size()) / T;
  const auto grid = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  check(grid * grid * T == std::ssize(heat) && grid > 0 && side % grid == 0, ErrorCode::shape,
        "heat_overlay: ", heat.size(), " patches for pictures ", describe(pictures));
  const double most = *std::max_element(heat.begin(), heat.end());
  const std::vector<std::uint8_t> from = pictures.to_vector<std::uint8_t>();
  const std::int64_t patch = side / grid;
  return paint(pictures, factor_of(pictures), [&](std::int64_t t, std::int64_t y, std::int64_t x, std::int64_t c) {
    const double value = heat[static_cast<std::size_t>((t * grid + y / patch) * grid + x / patch)];
    const double strength = most > 0 ? value / most : 0;
    const double pixel = from[static_cast<std::size_t>(((t * side + y) * side + x) * 3 + c)];
    if (strength <= threshold) return static_cast<std::uint8_t>(0.6 * pixel);
    double rgb[3];
    colour_of(strength, rgb);
    return static_cast<std::uint8_t>(0.45 * pixel + 0.55 * rgb[c]);
  });
}

}  // namespace aio::apps
