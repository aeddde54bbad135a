#include "data/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace aio {

Affine about_middle(Affine affine, int height, int width) {
  const double x = width / 2.0, y = height / 2.0;
  affine.c += x - (affine.a * x + affine.b * y);
  affine.f += y - (affine.d * x + affine.e * y);
  return affine;
}

Affine rotation(double degrees, int height, int width) {
  const double angle = -degrees * 3.141592653589793 / 180;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  return about_middle({cosine, sine, 0, -sine, cosine, 0}, height, width);
}

Affine shear(double along_x, double along_y) { return {1, along_x, 0, along_y, 1, 0}; }

Affine shift(double x, double y) { return {1, 0, x, 0, 1, y}; }

// Places are kept in 16 bits of fraction, and steps added up, so that the same pixel is met as in PIL.
void warp_nearest(Picture picture, const Affine& affine) {
  const auto fixed = [](double value) { return static_cast<std::int64_t>(std::floor(value * 65536 + 0.5)); };
  const std::vector<std::uint8_t> before(picture.data, picture.data + picture.bytes());
  const std::int64_t a = fixed(affine.a), b = fixed(affine.b), d = fixed(affine.d), e = fixed(affine.e);
  std::int64_t row_x = fixed(affine.c + affine.a * 0.5 + affine.b * 0.5);
  std::int64_t row_y = fixed(affine.f + affine.d * 0.5 + affine.e * 0.5);
  std::uint8_t* out = picture.data;
  for (int y = 0; y < picture.height; ++y, row_x += b, row_y += e) {
    std::int64_t at_x = row_x, at_y = row_y;
    for (int x = 0; x < picture.width; ++x, at_x += a, at_y += d, out += 3) {
      const std::int64_t from_x = at_x >> 16, from_y = at_y >> 16;
      if (from_x >= 0 && from_x < picture.width && from_y >= 0 && from_y < picture.height) {
        std::memcpy(out, before.data() + 3 * (from_y * picture.width + from_x), 3);
      } else {
        std::memset(out, 0, 3);
      }
    }
  }
}

void warp_bilinear(Picture picture, const Affine& affine, float fill) {
  const std::vector<std::uint8_t> before(picture.data, picture.data + picture.bytes());
  const auto value = [&](std::int64_t x, std::int64_t y, int channel) {
    const bool inside = x >= 0 && x < picture.width && y >= 0 && y < picture.height;
    return inside ? static_cast<float>(before[static_cast<std::size_t>(3 * (y * picture.width + x) + channel)]) : fill;
  };
  std::uint8_t* out = picture.data;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x, out += 3) {
      const double at_x = affine.a * (x + 0.5) + affine.b * (y + 0.5) + affine.c - 0.5;
      const double at_y = affine.d * (x + 0.5) + affine.e * (y + 0.5) + affine.f - 0.5;
      const double left = std::floor(at_x), top = std::floor(at_y);
      const auto right_part = static_cast<float>(at_x - left), lower_part = static_cast<float>(at_y - top);
      const auto x0 = static_cast<std::int64_t>(left), y0 = static_cast<std::int64_t>(top);
      for (int channel = 0; channel < 3; ++channel) {
        const float upper = value(x0, y0, channel) * (1 - right_part) + value(x0 + 1, y0, channel) * right_part;
        const float lower = value(x0, y0 + 1, channel) * (1 - right_part) + value(x0 + 1, y0 + 1, channel) * right_part;
        out[channel] = static_cast<std::uint8_t>(
            std::clamp(std::nearbyint(upper * (1 - lower_part) + lower * lower_part), 0.0F, 255.0F));
      }
    }
  }
}

}  // namespace aio
