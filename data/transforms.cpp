#include "data/transforms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "data/dice.h"
#include "data/randaug.h"
#include "data/resize.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {
namespace {

struct Box {
  int top, left, height, width;
};

/// RandAugment's numbers are its own: crops stay where they are when it is switched on. (An arbitrary odd constant.)
RngKey augmentation_key(RngKey key) { return {key.seed ^ 0x5D588B656C078965U, key.step, key.call}; }

/// What each of 256 values becomes in each channel.
using Lookup = std::array<std::array<float, 256>, 3>;

Lookup lookup_for(const Normalization& normalization) {
  Lookup lookup;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t i = 0; i < 256; ++i) {
      lookup[channel][i] =
          (static_cast<float>(i) / 255.0F - normalization.mean[channel]) / normalization.stddev[channel];
    }
  }
  return lookup;
}

/// u8 [n, H, W, 3] -> f32 [n, 3, H, W].
Tensor normalize(const Tensor& frames, const Normalization& normalization) {
  const Lookup lookup = lookup_for(normalization);
  const std::int64_t count = frames.dim(0), pixels = frames.dim(1) * frames.dim(2);
  const Tensor result = Tensor::empty({count, 3, frames.dim(1), frames.dim(2)});
  const std::uint8_t* in = frames.data<std::uint8_t>();
  float* out = result.data<float>();
  for (std::int64_t frame = 0; frame < count; ++frame, in += 3 * pixels, out += 3 * pixels) {
    for (std::int64_t i = 0; i < pixels; ++i) {
      out[i] = lookup[0][in[3 * i]];
      out[pixels + i] = lookup[1][in[3 * i + 1]];
      out[2 * pixels + i] = lookup[2][in[3 * i + 2]];
    }
  }
  return result;
}

/// Where one output position of a bilinear resize without antialiasing lies between two inputs (PyTorch's interpolate
/// with align_corners = false).
struct Between {
  int first, second;
  float part;  // of the second
};

Between between(int position, int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  const float place = std::max(scale * (static_cast<float>(position) + 0.5F) - 0.5F, 0.0F);
  const int first = std::min(static_cast<int>(place), in - 1);
  return {first, std::min(first + 1, in - 1), std::clamp(place - static_cast<float>(first), 0.0F, 1.0F)};
}

/// Normalises, resizes to height x width without antialiasing, cuts out `box`, mirrors: f32 [n, 3, box].
Tensor interpolate_crop(const Tensor& frames, int height, int width, Box box, bool mirror,
                        const Normalization& normalization) {
  const Lookup lookup = lookup_for(normalization);
  const auto in_height = static_cast<int>(frames.dim(1)), in_width = static_cast<int>(frames.dim(2));
  std::vector<Between> across;
  for (int x = 0; x < box.width; ++x) {
    across.push_back(between(box.left + (mirror ? box.width - 1 - x : x), in_width, width));
  }
  const Tensor result = Tensor::empty({frames.dim(0), 3, box.height, box.width});
  float* out = result.data<float>();
  for (std::int64_t frame = 0; frame < frames.dim(0); ++frame) {
    const std::uint8_t* in = frames.data<std::uint8_t>() + frame * in_height * in_width * 3;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const auto& value = lookup[channel];
      for (int y = 0; y < box.height; ++y) {
        const Between rows = between(box.top + y, in_height, height);
        const std::uint8_t* upper = in + (std::ptrdiff_t{rows.first} * in_width * 3) + channel;
        const std::uint8_t* lower = in + (std::ptrdiff_t{rows.second} * in_width * 3) + channel;
        for (const Between& columns : across) {
          const int left = columns.first * 3, right = columns.second * 3;
          const float above = (1 - columns.part) * value[upper[left]] + columns.part * value[upper[right]];
          const float below = (1 - columns.part) * value[lower[left]] + columns.part * value[lower[right]];
          *out++ = (1 - rows.part) * above + rows.part * below;
        }
      }
    }
  }
  return result;
}

/// Python's round(): halves to the even number.
int round_half_even(double x) { return static_cast<int>(std::nearbyint(x)); }

struct Size {
  int height, width;
};

/// The shorter side becomes `side`, the longer keeps the ratio, rounded down.
Size with_short_side(const Tensor& frames, int side) {
  const auto height = static_cast<double>(frames.dim(1)), width = static_cast<double>(frames.dim(2));
  const double longer = std::floor(side * std::max(height, width) / std::min(height, width));
  check(longer <= 1 << 14, ErrorCode::value, "transform: a picture of ", frames.dim(1), " x ", frames.dim(2),
        " is too long to be resized");
  return height < width ? Size{side, static_cast<int>(longer)} : Size{static_cast<int>(longer), side};
}

Box centre_box(Size size, int side) {
  return {round_half_even((size.height - side) / 2.0), round_half_even((size.width - side) / 2.0), side, side};
}

Box random_box(Size size, int side, Dice& dice) {
  const auto top = static_cast<int>(dice.below(size.height - side + 1));
  const auto left = static_cast<int>(dice.below(size.width - side + 1));
  return {top, left, side, side};
}

/// torchvision's RandomResizedCrop: 8 to 100 % of the area, aspect ratio 3/4 to 4/3, ten attempts to fit; then the
/// middle.
Box random_part(Size size, Dice& dice) {
  const double area = static_cast<double>(size.height) * size.width;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double part = area * dice.uniform(0.08, 1.0);
    const double aspect = std::exp(dice.uniform(std::log(3.0 / 4), std::log(4.0 / 3)));
    const int width = round_half_even(std::sqrt(part * aspect)), height = round_half_even(std::sqrt(part / aspect));
    if (width < 1 || height < 1 || width > size.width || height > size.height) continue;
    const auto top = static_cast<int>(dice.below(size.height - height + 1));
    const auto left = static_cast<int>(dice.below(size.width - width + 1));
    return {top, left, height, width};
  }
  const double aspect = static_cast<double>(size.width) / size.height;
  int height = size.height, width = size.width;
  if (aspect < 3.0 / 4) height = round_half_even(width / (3.0 / 4));
  if (aspect > 4.0 / 3) width = round_half_even(height * (4.0 / 3));
  return {(size.height - height) / 2, (size.width - width) / 2, height, width};
}

Tensor cut(const Tensor& frames, Box box) {
  const Tensor rows = raw::slice(frames, 1, box.top, box.top + box.height);
  return raw::contiguous(raw::slice(rows, 2, box.left, box.left + box.width));
}

void check_frames(const Tensor& frames, int size) {
  check(frames.dtype() == DType::u8, ErrorCode::dtype, "transform: ", describe(frames), ", expected u8");
  check(frames.rank() == 4 && frames.dim(3) == 3 && frames.is_contiguous() && frames.numel() > 0, ErrorCode::shape,
        "transform: ", describe(frames), ", expected [n, H, W, 3], contiguous and not empty");
  check(size >= 16 && size <= 2048, ErrorCode::value, "transform: size ", size, ", expected 16 to 2048");
}

/// MinMaxResize of the reference: short side `size`, long side at most 1333/800 of it, both multiples of 32.
Size pixelbert_size(const Tensor& image, int size) {
  const auto longest = static_cast<double>(static_cast<int>(1333.0 / 800 * size));
  double height = static_cast<double>(image.dim(1)), width = static_cast<double>(image.dim(2));
  const double scale = size / std::min(height, width);
  if (height < width) {
    height = size;
    width *= scale;
  } else {
    height *= scale;
    width = size;
  }
  if (std::max(height, width) > longest) {
    const double shrink = longest / std::max(height, width);
    height *= shrink;
    width *= shrink;
  }
  const auto on_grid = [](double side) { return std::max(static_cast<int>(side + 0.5) / 32 * 32, 32); };
  return {on_grid(height), on_grid(width)};
}

}  // namespace

const Normalization& normalization(const VideoTransform& transform) {
  if (transform.normalization) return *transform.normalization;
  return transform.recipe == VideoRecipe::augmented ? kKinetics : kImageNet;
}

namespace {
Tensor whole(const Tensor& frames, const VideoTransform& transform) {
  return normalize(resize_frames(frames, transform.size, transform.size, ResizeFilter::bilinear),
                   normalization(transform));
}
}  // namespace

Tensor eval_transform(const Tensor& frames, const VideoTransform& transform) {
  check_frames(frames, transform.size);
  if (transform.recipe == VideoRecipe::whole) return whole(frames, transform);
  const auto side = static_cast<int>(1.2 * transform.size);
  const Size size = with_short_side(frames, side);
  const Box box = centre_box(size, transform.size);
  if (transform.recipe == VideoRecipe::augmented) {
    return interpolate_crop(frames, size.height, size.width, box, false, normalization(transform));
  }
  return normalize(resize_crop_frames(frames, size.height, size.width, box.top, box.left, box.height, box.width,
                                      ResizeFilter::bilinear),
                   normalization(transform));
}

Tensor train_transform(const Tensor& frames, const VideoTransform& transform, RngKey key) {
  check_frames(frames, transform.size);
  if (transform.recipe == VideoRecipe::whole) return whole(frames, transform);
  Dice dice(key);
  const auto shortest = static_cast<int>(1.2 * transform.size);
  if (transform.recipe == VideoRecipe::plain) {
    const Size size = with_short_side(frames, shortest);
    const Box box = random_box(size, transform.size, dice);
    return normalize(resize_crop_frames(frames, size.height, size.width, box.top, box.left, box.height, box.width,
                                        ResizeFilter::bilinear),
                     normalization(transform));
  }
  const auto longest = static_cast<int>(1.5 * transform.size);
  const auto side = static_cast<int>(shortest + dice.below(longest - shortest + 1));
  const Size size = with_short_side(frames, side);
  const Box box = random_box(size, transform.size, dice);
  const bool mirror = dice.coin();
  const Tensor augmented = raw::clone(frames);
  rand_augment_video(augmented, augmentation_key(key));
  return interpolate_crop(augmented, size.height, size.width, box, mirror, normalization(transform));
}

Tensor image_transform(const Tensor& image, const ImageTransform& transform, RngKey key) {
  Tensor picture = image.rank() == 3 ? raw::unsqueeze(image, 0) : image;
  check_frames(picture, transform.size);
  if (transform.augment) {
    picture = raw::clone(picture);
    rand_augment_image(picture, augmentation_key(key));
  }
  if (transform.recipe == ImageRecipe::pixelbert) {
    const Size size = pixelbert_size(picture, transform.size);
    return normalize(resize_frames(picture, size.height, size.width, ResizeFilter::bicubic), kHalf);
  }
  const Size size = with_short_side(picture, transform.size * 256 / 224);
  if (transform.recipe == ImageRecipe::centre_crop) {
    const Box box = centre_box(size, transform.size);
    return normalize(resize_crop_frames(picture, size.height, size.width, box.top, box.left, box.height, box.width,
                                        ResizeFilter::bilinear),
                     kHalf);
  }
  Dice dice(key);
  const Tensor resized = resize_frames(picture, size.height, size.width, ResizeFilter::bilinear);
  const Tensor part = cut(resized, random_part(size, dice));
  return normalize(resize_frames(part, transform.size, transform.size, ResizeFilter::bilinear), kHalf);
}

Tensor denormalize(const Tensor& pixels, const Normalization& normalization) {
  check(pixels.dtype() == DType::f32 && pixels.rank() == 4 && pixels.dim(1) == 3 && pixels.is_contiguous(),
        ErrorCode::shape, "denormalize: ", describe(pixels), ", expected contiguous f32 [n, 3, H, W]");
  const std::int64_t count = pixels.dim(0), area = pixels.dim(2) * pixels.dim(3);
  const Tensor result = Tensor::empty({count, pixels.dim(2), pixels.dim(3), 3}, {DType::u8});
  std::uint8_t* out = result.data<std::uint8_t>();
  for (std::int64_t frame = 0; frame < count; ++frame) {
    for (std::int64_t i = 0; i < area; ++i) {
      for (std::int64_t channel = 0; channel < 3; ++channel) {
        const float value = pixels.data<float>()[(frame * 3 + channel) * area + i];
        const float byte = 255 * (value * normalization.stddev[channel] + normalization.mean[channel]);
        *out++ = static_cast<std::uint8_t>(std::clamp(std::nearbyint(byte), 0.0F, 255.0F));
      }
    }
  }
  return result;
}

}  // namespace aio
