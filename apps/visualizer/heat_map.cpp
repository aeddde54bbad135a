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

/// Where a pixel of an enlarged row lies between two of the original, whose centres are its own.
struct Between {
  std::int64_t first, second;
  double share;  ///< of the second
};
Between between(std::int64_t at, std::int64_t factor, std::int64_t side) {
  const double place = (static_cast<double>(at) + 0.5) / static_cast<double>(factor) - 0.5;
  const double inside = std::clamp(place, 0.0, static_cast<double>(side - 1));
  const auto first = static_cast<std::int64_t>(inside);
  return {first, std::min(first + 1, side - 1), inside - static_cast<double>(first)};
}

/// Pictures `factor` times as large, smoothly: `colour(t, y, x, c, pixel)` of each, y and x those of the original.
template <class Colour>
Tensor paint(const Tensor& pictures, std::int64_t factor, Colour&& colour) {
  const std::vector<std::uint8_t> from = pictures.to_vector<std::uint8_t>();
  const std::int64_t T = pictures.dim(0), small = pictures.dim(1), side = small * factor;
  const Tensor out = Tensor::empty({T, side, side, 3}, {DType::u8});
  auto* to = out.data<std::uint8_t>();
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t y = 0; y < side; ++y) {
      const Between row = between(y, factor, small);
      for (std::int64_t x = 0; x < side; ++x) {
        const Between column = between(x, factor, small);
        for (std::int64_t c = 0; c < 3; ++c) {
          const auto at = [&](std::int64_t v, std::int64_t u) {
            return static_cast<double>(from[static_cast<std::size_t>(((t * small + v) * small + u) * 3 + c)]);
          };
          const auto along = [&](std::int64_t v) {
            return at(v, column.first) * (1 - column.share) + at(v, column.second) * column.share;
          };
          const double pixel = along(row.first) * (1 - row.share) + along(row.second) * row.share;
          *to++ = static_cast<std::uint8_t>(std::lround(colour(t, y / factor, x / factor, c, pixel)));
        }
      }
    }
  }
  return out;
}

std::int64_t factor_of(const Tensor& pictures) { return (kLeastSide + pictures.dim(1) - 1) / pictures.dim(1); }

}  // namespace

Tensor enlarged(const Tensor& pictures) {
  return paint(pictures, factor_of(pictures),
               [](std::int64_t, std::int64_t, std::int64_t, std::int64_t, double pixel) { return pixel; });
}

Tensor heat_overlay(const Tensor& pictures, const std::vector<double>& heat, double threshold) {
  const std::int64_t T = pictures.dim(0), side = pictures.dim(1);
  const auto patches = static_cast<std::int64_t>(heat.size()) / T;
  const auto grid = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  check(grid * grid * T == std::ssize(heat) && grid > 0 && side % grid == 0, ErrorCode::shape,
        "heat_overlay: ", heat.size(), " patches for pictures ", describe(pictures));
  const double most = *std::max_element(heat.begin(), heat.end());
  const std::int64_t patch = side / grid;
  const auto colour = [&](std::int64_t t, std::int64_t y, std::int64_t x, std::int64_t c, double pixel) {
    const double value = heat[static_cast<std::size_t>((t * grid + y / patch) * grid + x / patch)];
    const double strength = most > 0 ? value / most : 0;
    if (strength <= threshold) return 0.6 * pixel;
    double rgb[3];
    colour_of(strength, rgb);
    return 0.45 * pixel + 0.55 * rgb[c];
  };
  return paint(pictures, factor_of(pictures), colour);
}

}  // namespace aio::apps
