#pragma once
// Changes of brightness, colour and sharpness of 8-bit pictures, as PIL's ImageOps and ImageEnhance make them. In
// place, on a picture of `pixels` RGB triples; what they measure (histograms, means), they measure on that picture.

#include <cstdint>

namespace aio {

/// A picture in memory: `height` rows of `width` RGB pixels without gaps.
struct Picture {
  std::uint8_t* data;
  int height;
  int width;

  std::int64_t bytes() const { return std::int64_t{3} * height * width; }
};

void auto_contrast(Picture picture);  ///< each channel's darkest value to 0, its brightest to 255
void equalize(Picture picture);       ///< each channel's histogram as flat as it gets
void invert(Picture picture);
void posterize(Picture picture, int bits);         ///< keeps the `bits` highest bits
void solarize(Picture picture, double threshold);  ///< inverts values from `threshold` on
void solarize_add(Picture picture, int addend);    ///< adds, clips at 255, then solarizes at 128

// 1 leaves the picture as it is, below is less, above is more.
void brightness(Picture picture, double factor);
void contrast(Picture picture, double factor);
void saturation(Picture picture, double factor);
void sharpness(Picture picture, double factor);

}  // namespace aio
