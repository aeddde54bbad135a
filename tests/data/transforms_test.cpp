// Resizing, RandAugment's operations and the transforms against PIL and PyTorch: golden/data/pil.safetensors holds what
// Pillow 13.0 made of a picture of waves and noise (`in`, 31 x 43; `low`, the same darker; `long`, 50 x 150):
//   FILTER.HxW          Image.resize((W, H), FILTER)
//   op.NAME             ImageOps and ImageEnhance, Image.rotate and Image.transform (AFFINE, nearest)
//   pixelbert64[.long]  the reference's MinMaxResize(64, 106) with BICUBIC, then (x / 255 - 0.5) / 0.5
//   kinetics48          (x / 255 - 0.45) / 0.225, interpolate(bilinear, align_corners=False) to short side 57, centre
//   48

#include "data/transforms.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "data/pixel_ops.h"
#include "data/randaug.h"
#include "data/resize.h"
#include "data/warp.h"
#include "tensor/raw.h"
#include "tensor/safetensors.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

const std::map<std::string, Tensor>& golden() {
  static const auto tensors = load_safetensors(AIO_TEST_DATA "/golden/data/pil.safetensors");
  return tensors;
}

/// [H, W, 3] as a batch of one, in memory of its own.
Tensor picture(const std::string& name) { return raw::clone(raw::unsqueeze(golden().at(name), 0)); }

bool same(const Tensor& a, const Tensor& b) {
  return a.numel() == b.numel() && a.to_vector<std::uint8_t>() == b.to_vector<std::uint8_t>();
}

double largest_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const auto x = a.to_vector<float>(), y = b.to_vector<float>();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(double(x[i]) - double(y[i])));
  return largest;
}

/// Frames of different noise: u8 [n, height, width, 3].
Tensor noise(std::int64_t n, std::int64_t height, std::int64_t width) {
  const auto values = random_integers({n, height, width, 3}, 0, 256, {3}).to_vector<std::int64_t>();
  return Tensor::from(std::vector<std::uint8_t>(values.begin(), values.end()), {n, height, width, 3});
}

TEST_CASE("resizing gives PIL's bytes") {
  int compared = 0;
  for (const auto& entry : golden()) {
    const std::string& name = entry.first;
    const Tensor& expected = entry.second;
    const bool bilinear = name.starts_with("bilinear.");
    if (!bilinear && !name.starts_with("bicubic.")) continue;
    CAPTURE(name);
    const auto height = static_cast<int>(expected.dim(0)), width = static_cast<int>(expected.dim(1));
    const ResizeFilter filter = bilinear ? ResizeFilter::bilinear : ResizeFilter::bicubic;
    const Tensor whole = resize_frames(picture("in"), height, width, filter);
    CHECK(same(whole, expected));
    if (height < 10 || width < 10) continue;
    const Tensor part = resize_crop_frames(picture("in"), height, width, 3, 5, height - 7, width - 6, filter);
    CHECK(same(part, raw::slice(raw::slice(whole, 1, 3, height - 4), 2, 5, width - 1)));
    ++compared;
  }
  CHECK(compared == 8);
}

TEST_CASE("frames are resized one by one") {
  const Tensor frames = noise(3, 20, 30);
  const Tensor together = resize_frames(frames, 11, 17, ResizeFilter::bicubic);
  for (int i = 0; i < 3; ++i) {
    const Tensor alone = resize_frames(raw::contiguous(raw::slice(frames, 0, i, i + 1)), 11, 17, ResizeFilter::bicubic);
    CHECK(same(alone, raw::slice(together, 0, i, i + 1)));
  }
}

TEST_CASE("pixel operations and warps give PIL's bytes") {
  const std::map<std::string, std::function<void(Picture)>> operations = {
      {"auto_contrast", auto_contrast},
      {"equalize", equalize},
      {"invert", invert},
      {"posterize1", [](Picture p) { posterize(p, 1); }},
      {"posterize3", [](Picture p) { posterize(p, 3); }},
      {"solarize", [](Picture p) { solarize(p, 76.8); }},
      {"solarize_add", [](Picture p) { solarize_add(p, 33); }},
      {"saturation0.64", [](Picture p) { saturation(p, 0.64); }},
      {"contrast0.64", [](Picture p) { contrast(p, 0.64); }},
      {"brightness0.64", [](Picture p) { brightness(p, 0.64); }},
      {"sharpness0.64", [](Picture p) { sharpness(p, 0.64); }},
      {"saturation1.7", [](Picture p) { saturation(p, 1.7); }},
      {"contrast1.7", [](Picture p) { contrast(p, 1.7); }},
      {"brightness1.7", [](Picture p) { brightness(p, 1.7); }},
      {"sharpness1.7", [](Picture p) { sharpness(p, 1.7); }},
      {"rotate9", [](Picture p) { warp_nearest(p, rotation(9, p.height, p.width)); }},
      {"rotate-9", [](Picture p) { warp_nearest(p, rotation(-9, p.height, p.width)); }},
      {"shear_x0.09", [](Picture p) { warp_nearest(p, shear(0.09, 0)); }},
      {"shear_x-0.09", [](Picture p) { warp_nearest(p, shear(-0.09, 0)); }},
      {"shear_y0.09", [](Picture p) { warp_nearest(p, shear(0, 0.09)); }},
      {"shear_y-0.09", [](Picture p) { warp_nearest(p, shear(0, -0.09)); }},
      {"shift_x30", [](Picture p) { warp_nearest(p, shift(30, 0)); }},
      {"shift_x-30", [](Picture p) { warp_nearest(p, shift(-30, 0)); }},
      {"shift_y30", [](Picture p) { warp_nearest(p, shift(0, 30)); }},
      {"shift_y-30", [](Picture p) { warp_nearest(p, shift(0, -30)); }},
  };
  int compared = 0;
  for (const auto& [key, expected] : golden()) {
    if (!key.starts_with("op.")) continue;
    const std::string name = key.substr(3);
    CAPTURE(name);
    REQUIRE(operations.contains(name));
    const Tensor changed = picture(name == "auto_contrast" || name == "equalize" ? "low" : "in");
    operations.at(name)(
        {changed.data<std::uint8_t>(), static_cast<int>(changed.dim(1)), static_cast<int>(changed.dim(2))});
    CHECK(same(changed, expected));
    ++compared;
  }
  CHECK(compared == 25);
}

TEST_CASE("a bilinear warp that moves nothing changes nothing, one by whole pixels shifts") {
  const Tensor before = noise(1, 9, 12), after = raw::clone(before);
  const Picture view{after.data<std::uint8_t>(), 9, 12};
  warp_bilinear(view, Affine{}, 0.5F);
  CHECK(same(before, after));
  warp_bilinear(view, shift(2, 1), 0.5F);
  CHECK(same(raw::slice(raw::slice(before, 1, 1, 9), 2, 2, 12), raw::slice(raw::slice(after, 1, 0, 8), 2, 0, 10)));
  CHECK(same(raw::slice(after, 1, 8, 9), Tensor::zeros({1, 1, 12, 3}, {DType::u8})));
}

TEST_CASE("image transforms equal the reference's") {
  const ImageTransform pixelbert{64, ImageRecipe::pixelbert, false};
  CHECK(largest_difference(image_transform(picture("in"), pixelbert, {}), golden().at("pixelbert64")) == 0);
  CHECK(largest_difference(image_transform(picture("long"), pixelbert, {}), golden().at("pixelbert64.long")) == 0);
  // The sizes that users see: 224 and 384 give at most 373 and 639, on a grid of 32.
  CHECK(image_transform(noise(1, 300, 900), {224}, {}).shape() == Shape{1, 3, 96, 352});
  CHECK(image_transform(noise(1, 300, 900), {384}, {}).shape() == Shape{1, 3, 192, 608});
  CHECK(image_transform(noise(1, 4, 900), {224}, {}).shape() == Shape{1, 3, 32, 352});
}

TEST_CASE("the augmented recipe's evaluation equals PyTorch's") {
  const Tensor pixels = eval_transform(picture("in"), {48, VideoRecipe::augmented});
  CHECK(largest_difference(pixels, golden().at("kinetics48")) < 2e-6);  // observed 9.5e-7
}

TEST_CASE("the plain recipe resizes like PIL, cuts the middle and normalises") {
  const Tensor frames = noise(2, 90, 161);
  const Tensor pixels = eval_transform(frames, {64});
  REQUIRE(pixels.shape() == Shape{2, 3, 64, 64});
  const Tensor resized = resize_frames(frames, 76, 135, ResizeFilter::bilinear);  // int(1.2 * 64), int(76 * 161 / 90)
  const auto bytes = resized.to_vector<std::uint8_t>();
  const auto values = pixels.to_vector<float>();
  // Offsets: 6, and 35.5 rounded to the even 36.
  for (const auto& [channel, y, x] : {std::array{0, 0, 0}, {1, 63, 63}, {2, 10, 40}}) {
    const auto byte = bytes[static_cast<std::size_t>(((76 + 6 + y) * 135 + 36 + x) * 3 + channel)];
    const auto c = static_cast<std::size_t>(channel);
    const float expected = (static_cast<float>(byte) / 255.0F - kImageNet.mean[c]) / kImageNet.stddev[c];
    CHECK(values[static_cast<std::size_t>(((3 + channel) * 64 + y) * 64 + x)] == expected);
  }
  CHECK(same(denormalize(pixels, kImageNet), raw::slice(raw::slice(resized, 1, 6, 70), 2, 36, 100)));
}

TEST_CASE("training crops vary with the key, are the same for all frames, and reach every place") {
  const Tensor one = noise(1, 80, 96);
  const Tensor frames = Tensor::empty({2, 80, 96, 3}, {DType::u8});
  raw::copy_(raw::slice(frames, 0, 0, 1), one);
  raw::copy_(raw::slice(frames, 0, 1, 2), one);
  for (const VideoRecipe recipe : {VideoRecipe::plain, VideoRecipe::augmented}) {
    const VideoTransform transform{64, recipe};
    const Tensor first = train_transform(frames, transform, {1, 2, 3});
    CHECK(first.shape() == Shape{2, 3, 64, 64});
    CHECK(largest_difference(first, train_transform(frames, transform, {1, 2, 3})) == 0);
    CHECK(largest_difference(first, train_transform(frames, transform, {1, 2, 4})) > 0.1);
    CHECK(largest_difference(raw::slice(first, 0, 0, 1), raw::slice(first, 0, 1, 2)) == 0);
  }
  // Resized to 76 x 91: 13 rows and 28 columns to begin at.
  const Tensor resized = resize_frames(one, 76, 91, ResizeFilter::bilinear);
  std::vector<std::uint8_t> corner_seen(13 * 28);
  for (std::uint32_t call = 0; call < 3000; ++call) {
    const Tensor pixels = denormalize(train_transform(one, {64}, {1, 0, call}), kImageNet);
    for (int top = 0, found = 0; top < 13 && !found; ++top) {
      for (int left = 0; left < 28 && !found; ++left) {
        const std::uint8_t* there = resized.data<std::uint8_t>() + (top * 91 + left) * 3;
        if (std::equal(there, there + 24, pixels.data<std::uint8_t>())) {
          corner_seen[static_cast<std::size_t>(top * 28 + left)] = 1;
          found = 1;
        }
      }
    }
    if (call > 600 && call % 200 == 0 && std::count(corner_seen.begin(), corner_seen.end(), 1) == 13 * 28) break;
  }
  CHECK(std::count(corner_seen.begin(), corner_seen.end(), 1) > 13 * 28 * 95 / 100);
}

TEST_CASE("RandAugment keeps shapes, follows its key, and draws all its operations") {
  for (const auto change : {rand_augment_video, rand_augment_image}) {
    const Tensor before = noise(2, 24, 32);
    int changed = 0;
    for (std::uint32_t call = 0; call < 100; ++call) {
      const Tensor a = raw::clone(before), b = raw::clone(before);
      change(a, {9, 0, call});
      change(b, {9, 0, call});
      CHECK(same(a, b));
      if (!same(a, before)) ++changed;
    }
    // Video: each of two operations is skipped with probability 1/2, so a quarter stays as it was.
    if (change == rand_augment_video) CHECK((changed > 55 && changed < 92));
    if (change == rand_augment_image) CHECK(changed > 80);
  }
}

TEST_CASE("random parts of an image have the size asked for and differ") {
  const ImageTransform transform{32, ImageRecipe::random_crop, true};
  const Tensor image = noise(1, 50, 70);
  const Tensor first = image_transform(image, transform, {1});
  CHECK(first.shape() == Shape{1, 3, 32, 32});
  CHECK(largest_difference(first, image_transform(raw::select(image, 0, 0), transform, {1})) == 0);
  CHECK(largest_difference(first, image_transform(image, transform, {2})) > 0.1);
  CHECK(image_transform(image, {32, ImageRecipe::centre_crop, false}, {}).shape() == Shape{1, 3, 32, 32});
}

TEST_CASE("whole pictures: nothing is cut off, nothing is drawn") {
  const Tensor frames = noise(2, 30, 50);
  VideoTransform transform{32, VideoRecipe::whole, Normalization{{0, 0, 0}, {1.0F / 255, 1.0F / 255, 1.0F / 255}}};
  const Tensor pixels = eval_transform(frames, transform);
  CHECK(pixels.shape() == Shape{2, 3, 32, 32});
  CHECK(largest_difference(pixels, train_transform(frames, transform, {5})) == 0);
  const Tensor resized = resize_frames(frames, 32, 32, ResizeFilter::bilinear);
  const std::vector<float> got = pixels.to_vector<float>();
  const std::vector<std::uint8_t> want = resized.to_vector<std::uint8_t>();
  CHECK(got[0] == doctest::Approx(want[0]));
  CHECK(got[32 * 32 + 31] == doctest::Approx(want[3 * 31 + 1]));
  transform.normalization.reset();
  CHECK(&normalization(transform) == &kImageNet);
}

TEST_CASE("what cannot be transformed is refused") {
  EXPECT_ERROR(eval_transform(Tensor::zeros({2, 8, 8, 3})), dtype, "expected u8");
  EXPECT_ERROR(eval_transform(Tensor::zeros({2, 8, 8, 4}, {DType::u8})), shape, "expected [n, H, W, 3]");
  EXPECT_ERROR(eval_transform(noise(1, 8, 8), {4}), value, "size 4, expected 16 to 2048");
  EXPECT_ERROR(eval_transform(noise(1, 1, 300)), value, "too long to be resized");
  EXPECT_ERROR(resize_frames(noise(1, 8, 8), 0, 5, ResizeFilter::bilinear), value, "sides are 1 to");
  EXPECT_ERROR(resize_crop_frames(noise(1, 8, 8), 8, 8, 2, 2, 7, 6, ResizeFilter::bilinear), value, "not inside 8 x 8");
}

}  // namespace
}  // namespace aio
