#include "data/pixel_ops.h"

#include <algorithm>
#include <array>
#include <vector>

namespace aio {
namespace {

using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<std::int64_t, 256>;

template <class Value>
Table table_of(Value&& value) {
  Table table;
  for (int i = 0; i < 256; ++i)
    table[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(std::clamp<int>(value(i), 0, 255));
  return table;
}

/// Each channel through a table of its own.
template <class MakeTable>
void look_up_by_channel(Picture picture, MakeTable&& make) {
  for (int channel = 0; channel < 3; ++channel) {
    Histogram histogram{};
    for (std::int64_t i = channel; i < picture.bytes(); i += 3) ++histogram[picture.data[i]];
    const Table table = make(histogram);
    for (std::int64_t i = channel; i < picture.bytes(); i += 3) picture.data[i] = table[picture.data[i]];
  }
}

void look_up(Picture picture, const Table& table) {
  for (std::int64_t i = 0; i < picture.bytes(); ++i) picture.data[i] = table[picture.data[i]];
}

/// ITU-R BT.601 luma in 16 bits of fraction, PIL's conversion to "L".
int luma(const std::uint8_t* rgb) { return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16; }

/// from + factor * (to - from), cut (not rounded) to 8 bits; in float, as PIL's Image.blend.
std::uint8_t blend(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

}  // namespace

void auto_contrast(Picture picture) {
  look_up_by_channel(picture, [](const Histogram& histogram) {
    int low = 0, high = 255;
    while (low < 255 && histogram[static_cast<std::size_t>(low)] == 0) ++low;
    while (high > 0 && histogram[static_cast<std::size_t>(high)] == 0) --high;
    if (high <= low) return table_of([](int i) { return i; });
    const double scale = 255.0 / (high - low);
    return table_of([&](int i) { return static_cast<int>(i * scale - low * scale); });
  });
}

void equalize(Picture picture) {
  look_up_by_channel(picture, [](const Histogram& histogram) {
    std::int64_t total = 0, last = 0;
    for (const std::int64_t count : histogram) {
      total += count;
      if (count > 0) last = count;
    }
    const std::int64_t step = (total - last) / 255;
    if (step == 0) return table_of([](int i) { return i; });
    std::int64_t sum = step / 2;
    return table_of([&](int i) {
      const std::int64_t value = sum / step;
      sum += histogram[static_cast<std::size_t>(i)];
      return static_cast<int>(value);
    });
  });
}

void invert(Picture picture) {
  look_up(picture, table_of([](int i) { return 255 - i; }));
}

void posterize(Picture picture, int bits) {
  const int mask = 0xFF & ~((1 << (8 - bits)) - 1);
  look_up(picture, table_of([&](int i) { return i & mask; }));
}

void solarize(Picture picture, double threshold) {
  look_up(picture, table_of([&](int i) { return i < threshold ? i : 255 - i; }));
}

void solarize_add(Picture picture, int addend) {
  look_up(picture, table_of([&](int i) {
            const int sum = std::min(i + addend, 255);
            return sum < 128 ? sum : 255 - sum;
          }));
}

void brightness(Picture picture, double factor) {
  look_up(picture, table_of([&](int i) { return blend(0, i, static_cast<float>(factor)); }));
}

void contrast(Picture picture, double factor) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < picture.bytes(); i += 3) sum += luma(picture.data + i);
  const std::int64_t pixels = picture.bytes() / 3;
  const auto mean = static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
  look_up(picture, table_of([&](int i) { return blend(mean, i, static_cast<float>(factor)); }));
}

void saturation(Picture picture, double factor) {
  for (std::int64_t i = 0; i < picture.bytes(); i += 3) {
    std::uint8_t* rgb = picture.data + i;
    const int grey = luma(rgb);
    for (int channel = 0; channel < 3; ++channel) rgb[channel] = blend(grey, rgb[channel], static_cast<float>(factor));
  }
}

// The blurred picture is the mean over 3 x 3 pixels, the middle one counted five times; the outermost pixels stay.
void sharpness(Picture picture, double factor) {
  if (picture.height < 3 || picture.width < 3) return;
  const std::vector<std::uint8_t> before(picture.data, picture.data + picture.bytes());
  const std::ptrdiff_t row = std::ptrdiff_t{3} * picture.width;
  for (int y = 1; y < picture.height - 1; ++y) {
    for (std::ptrdiff_t x = 3; x < row - 3; ++x) {
      const std::uint8_t* middle = before.data() + y * row + x;
      int sum = 4 * middle[0];
      for (std::ptrdiff_t dy = -row; dy <= row; dy += row) sum += middle[dy - 3] + middle[dy] + middle[dy + 3];
      const auto blurred = static_cast<int>(static_cast<float>(sum) / 13.0F + 0.5F);
      picture.data[y * row + x] = blend(blurred, middle[0], static_cast<float>(factor));
    }
  }
}

}  // namespace aio
