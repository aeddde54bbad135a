// Boxes in pictures: pixel by pixel inside, on the outline and outside, and wherever else a box may lie.

#include "data/paint_boxes.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/expect_error.h"

using namespace aio;

namespace {

std::vector<std::uint8_t> pixel(const Tensor& pictures, std::int64_t picture, std::int64_t y, std::int64_t x) {
  const auto* const at = pictures.data<std::uint8_t>() + ((picture * pictures.dim(1) + y) * pictures.dim(2) + x) * 3;
  return {at[0], at[1], at[2]};
}
using Rgb = std::vector<std::uint8_t>;

}  // namespace

TEST_CASE("boxes: an outline of three pixels, 3 tenths of colour inside, nothing outside") {
  const Tensor grey = Tensor::full({2, 20, 30, 3}, 100, {DType::u8, {}});
  const Tensor painted = paint_boxes(grey, {{4.4, 2, 20, 16.2}});  // x 4..19, y 2..15
  for (const std::int64_t picture : {0, 1}) {
    CHECK(pixel(painted, picture, 2, 4) == Rgb{255, 0, 0});
    CHECK(pixel(painted, picture, 4, 10) == Rgb{255, 0, 0});
    CHECK(pixel(painted, picture, 5, 7) == Rgb{147, 70, 70});  // .7 * 100 + .3 * (255, 0, 0), rounded
    CHECK(pixel(painted, picture, 12, 16) == Rgb{147, 70, 70});
    CHECK(pixel(painted, picture, 13, 16) == Rgb{255, 0, 0});
    CHECK(pixel(painted, picture, 15, 19) == Rgb{255, 0, 0});
    CHECK(pixel(painted, picture, 16, 19) == Rgb{100, 100, 100});
    CHECK(pixel(painted, picture, 15, 20) == Rgb{100, 100, 100});
    CHECK(pixel(painted, picture, 1, 4) == Rgb{100, 100, 100});
  }
  CHECK(pixel(grey, 0, 2, 4) == Rgb{100, 100, 100});  // a decoder's cache may hold it
}

TEST_CASE("boxes: clipped to the picture, empty ones paint nothing, the 22nd has no colour") {
  const Tensor grey = Tensor::full({1, 10, 10, 3}, 100, {DType::u8, {}});
  const Tensor clipped = paint_boxes(grey, {{-1e300, -5, 1e300, 2}});
  CHECK(pixel(clipped, 0, 1, 9) == Rgb{255, 0, 0});
  CHECK(pixel(clipped, 0, 2, 0) == Rgb{100, 100, 100});
  const Tensor nothing = paint_boxes(grey, {{5, 5, 5, 9}, {9, 1, 2, 8}, {20, 20, 30, 30}});
  CHECK(nothing.to_vector<std::uint8_t>() == grey.to_vector<std::uint8_t>());
  std::vector<Box> many(kBoxColours, Box{});
  many.push_back({0, 0, 10, 10});
  CHECK(paint_boxes(grey, many).to_vector<std::uint8_t>() == grey.to_vector<std::uint8_t>());
  std::set<std::array<std::uint8_t, 3>> colours;
  for (std::size_t i = 0; i < kBoxColours; ++i) colours.insert(box_colour(i));
  CHECK(colours.size() == kBoxColours);
  EXPECT_ERROR(paint_boxes(Tensor::zeros({1, 3, 4, 4}), {}), shape, "expected u8 [n, H, W, 3]");
}
