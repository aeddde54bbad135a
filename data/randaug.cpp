#include "data/randaug.h"

#include <algorithm>
#include <cmath>

#include "data/dice.h"
#include "data/pixel_ops.h"
#include "data/warp.h"
#include "tensor/error.h"

namespace aio {
namespace {

template <class Change>
void for_each_picture(const Tensor& frames, Change&& change) {
  check(frames.dtype() == DType::u8 && frames.rank() == 4 && frames.dim(3) == 3 && frames.is_contiguous(),
        ErrorCode::shape, "rand_augment: ", describe(frames), ", expected contiguous u8 [n, H, W, 3]");
  Picture picture{frames.data<std::uint8_t>(), static_cast<int>(frames.dim(1)), static_cast<int>(frames.dim(2))};
  for (std::int64_t i = 0; i < frames.dim(0); ++i, picture.data += picture.bytes()) change(picture);
}

/// Operation 0 .. 13 at `level` 0 .. 1, to one side or the other.
void change_video(const Tensor& frames, int operation, double level, double sign) {
  constexpr float kFill = 0.5F;  // of 255: black, as the reference's fill turns out on bytes
  const double factor = 1 + sign * 0.9 * level;
  for_each_picture(frames, [&](Picture picture) {
    const auto warp = [&](const Affine& affine) { warp_bilinear(picture, affine, kFill); };
    switch (operation) {
      case 0: return brightness(picture, factor);
      case 1: return contrast(picture, factor);
      case 2: return saturation(picture, factor);
      case 3: return sharpness(picture, factor);
      case 4: return auto_contrast(picture);
      case 5: return equalize(picture);
      case 6: return invert(picture);
      case 7: return warp(rotation(sign * 30 * level, picture.height, picture.width));
      case 8: return posterize(picture, 4 - static_cast<int>(4 * level));
      case 9: return solarize(picture, 255 * (1 - level));
      case 10: return warp(shear(sign * 0.3 * level, 0));
      case 11: return warp(shear(0, sign * 0.3 * level));
      case 12: return warp(shift(sign * 0.45 * level * picture.width, 0));
      default: return warp(shift(0, sign * 0.45 * level * picture.height));
    }
  });
}

/// Operation 0 .. 13 at `level` 0 .. 1 of its range.
void change_image(const Tensor& images, int operation, double level, double sign) {
  const double factor = 0.1 + level * (1.9 - 0.1);
  for_each_picture(images, [&](Picture picture) {
    const auto warp = [&](const Affine& affine) { warp_nearest(picture, affine); };
    switch (operation) {
      case 0: return auto_contrast(picture);
      case 1: return equalize(picture);
      case 2: return warp(rotation(sign * 30 * level, picture.height, picture.width));
      case 3: return posterize(picture, std::max(static_cast<int>(4 * level), 1));
      case 4: return solarize(picture, 256 * level);
      case 5: return solarize_add(picture, static_cast<int>(110 * level));
      case 6: return saturation(picture, factor);
      case 7: return contrast(picture, factor);
      case 8: return brightness(picture, factor);
      case 9: return sharpness(picture, factor);
      case 10: return warp(shear(sign * 0.3 * level, 0));
      case 11: return warp(shear(0, sign * 0.3 * level));
      case 12: return warp(shift(sign * 100 * level, 0));
      default: return warp(shift(0, sign * 100 * level));
    }
  });
}

constexpr int kOperations = 14;

}  // namespace

void rand_augment_video(const Tensor& frames, RngKey key) {
  Dice dice(key);
  const auto first = static_cast<int>(dice.below(kOperations));
  auto second = static_cast<int>(dice.below(kOperations - 1));
  if (second >= first) ++second;
  for (const int operation : {first, second}) {
    const bool applied = dice.coin();
    const double level = std::clamp(9 + 0.5 * dice.normal(), 0.0, 10.0) / 10;
    const double sign = dice.coin() ? 1 : -1;
    if (applied) change_video(frames, operation, level, sign);
  }
}

void rand_augment_image(const Tensor& images, RngKey key) {
  constexpr double kLevel = 9.0 / 30;
  Dice dice(key);
  for (int i = 0; i < 2; ++i) {
    const auto operation = static_cast<int>(dice.below(kOperations));
    change_image(images, operation, kLevel, dice.coin() ? 1 : -1);
  }
}

}  // namespace aio
