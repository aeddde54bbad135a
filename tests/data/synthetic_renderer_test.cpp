#include "data/synthetic/renderer.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

#include "tests/expect_error.h"

namespace aio::synthetic {
namespace {

using Pixel = std::array<int, 3>;

Pixel pixel(const Tensor& pictures, int picture, int x, int y) {
  const std::int64_t side = pictures.dim(1);
  const std::uint8_t* p = pictures.data<std::uint8_t>() + ((picture * side + y) * side + x) * 3;
  return {p[0], p[1], p[2]};
}

constexpr Pixel kRed{230, 40, 40}, kGround{64, 64, 64};

/// A red shape in the middle of a ground of 64, no jitter, starting at phase 0.
Scene plain_scene(Motion motion, ShapeKind shape) {
  Scene scene;
  scene.motion = motion;
  scene.shape = shape;
  scene.grey = 64.0 / 255;
  return scene;
}

int count_red(const Tensor& pictures, int picture) {
  int count = 0;
  for (int y = 0; y < pictures.dim(1); ++y)
    for (int x = 0; x < pictures.dim(1); ++x) count += pixel(pictures, picture, x, y)[0] > (230 + 64) / 2 ? 1 : 0;
  return count;
}

TEST_CASE("renderer: a vertical bar, half the picture wide, moves right by a third a state and comes in again") {
  const Tensor loop = render_loop(plain_scene(Motion::right, ShapeKind::bar), 96);
  for (const int y : {0, 50, 95}) {
    CHECK(pixel(loop, 0, 48, y) == kRed);  // 24 to 72
    CHECK(pixel(loop, 0, 27, y) == kRed);
    CHECK(pixel(loop, 0, 20, y) == kGround);
    CHECK(pixel(loop, 0, 76, y) == kGround);
    CHECK(pixel(loop, 2, 80, y) == kRed);  // 56 to 104: wraps to 8
    CHECK(pixel(loop, 2, 3, y) == kRed);
    CHECK(pixel(loop, 2, 12, y) == kGround);
    CHECK(pixel(loop, 1, 44, y) == kRed);  // half way: 40 to 88
    CHECK(pixel(loop, 1, 36, y) == kGround);
  }
}

TEST_CASE("renderer: up and down move a horizontal bar") {
  const Tensor loop = render_loop(plain_scene(Motion::down, ShapeKind::bar), 96);
  CHECK(pixel(loop, 0, 5, 48) == kRed);
  CHECK(pixel(loop, 0, 5, 10) == kGround);
  CHECK(pixel(loop, 2, 5, 90) == kRed);
  CHECK(pixel(loop, 2, 5, 48) == kGround);
}

TEST_CASE("renderer: sizes grow linearly; a circle covers pi r^2, a square nearly as much") {
  const Tensor circles = render_loop(plain_scene(Motion::grow, ShapeKind::circle), 192);
  for (int state = 0; state < kStates; ++state) {
    const double radius = 3.0 * (6 + 26 * (1.0 / 6 + state / 3.0));
    CHECK(count_red(circles, 2 * state) == doctest::Approx(std::numbers::pi * radius * radius).epsilon(0.02));
  }
  const Tensor squares = render_loop(plain_scene(Motion::shrink, ShapeKind::square), 192);
  const double side = 2 * 0.88 * 3 * (6 + 26 / 2.0);
  CHECK(count_red(squares, 2) == doctest::Approx(side * side).epsilon(0.02));
}

TEST_CASE("renderer: a shape that turns is lit on one side, which goes round clockwise") {
  const Tensor loop = render_loop(plain_scene(Motion::clockwise, ShapeKind::circle), 96);
  const Pixel dark{35, 6, 6};             // 15 %
  CHECK(pixel(loop, 0, 60, 48) == kRed);  // phase 0: lit on the right
  CHECK(pixel(loop, 0, 36, 48) == dark);
  // A third later the light comes from the lower left: 120 degrees on, y pointing down.
  CHECK(pixel(loop, 2, 42, 58) == kRed);
  CHECK(pixel(loop, 2, 54, 38) == dark);
  CHECK(pixel(loop, 2, 48, 62) == kRed);
}

TEST_CASE("renderer: brightness scales the colour") {
  const Tensor loop = render_loop(plain_scene(Motion::brighten, ShapeKind::square), 96);
  for (int state = 0; state < kStates; ++state) {
    const double light = 0.23 + 0.84 * (1.0 / 6 + state / 3.0);
    CHECK(pixel(loop, 2 * state, 48, 48)[0] == static_cast<int>(std::lround(230 * light)));
    CHECK(pixel(loop, 2 * state, 48, 48)[1] == static_cast<int>(std::lround(40 * light)));
  }
}

TEST_CASE("renderer: stripes, checks and the second shape") {
  Scene scene = plain_scene(Motion::grow, ShapeKind::circle);
  scene.background = Background::striped;
  scene.contrast = 0.1;
  Tensor loop = render_loop(scene, 96);
  const int light = pixel(loop, 0, 6, 90)[0], dark = pixel(loop, 0, 18, 90)[0];  // 12 pixels a stripe
  CHECK(light == 90);                                                            // 64 + 25.5
  CHECK(dark == 39);
  CHECK(pixel(loop, 0, 30, 90)[0] == light);
  CHECK(pixel(loop, 0, 6, 78)[0] == light);
  scene.background = Background::checkered;
  loop = render_loop(scene, 96);
  CHECK(pixel(loop, 0, 6, 90)[0] == dark);  // the eighth row of squares begins dark
  CHECK(pixel(loop, 0, 6, 78)[0] == light);
  scene.second = SecondShape{ShapeKind::square, Colour::blue};
  loop = render_loop(scene, 96);
  for (int picture = 0; picture < kPictures; ++picture) CHECK(pixel(loop, picture, 13, 13) == Pixel{50, 80, 235});
}

TEST_CASE("renderer: a clip is its loop in the order of picture_at; half the size shows the same scene") {
  const Scene scene = plain_scene(Motion::left, ShapeKind::bar);
  const Tensor loop = render_loop(scene, 48), clip = render_clip(scene, 48), large = render_loop(scene, 96);
  constexpr std::size_t bytes = 48 * 48 * 3;
  for (int t = 0; t < kFrames; ++t) {
    CHECK(std::memcmp(clip.data<std::uint8_t>() + static_cast<std::size_t>(t) * bytes,
                      loop.data<std::uint8_t>() + static_cast<std::size_t>(picture_at(scene.motion, t)) * bytes,
                      bytes) == 0);
  }
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 48; ++x) {
      const int mean = (pixel(large, 1, 2 * x, 2 * y)[0] + pixel(large, 1, 2 * x + 1, 2 * y)[0] + 1) / 2;
      CHECK(std::abs(mean - pixel(loop, 1, x, y)[0]) <= 12);  // the corners of a soft edge
    }
  }
  EXPECT_ERROR(render_loop(scene, 4), config, "got size 4, expected 8 to 1024");
}

}  // namespace
}  // namespace aio::synthetic
