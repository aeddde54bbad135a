#include "data/synthetic/renderer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "tensor/error.h"

namespace aio::synthetic {
namespace {

struct Rgb {
  float r, g, b;
};

constexpr Rgb kColourValues[] = {{230, 40, 40},  {40, 200, 60},   {50, 80, 235},
                                 {240, 220, 40}, {245, 245, 245}, {170, 60, 200}};

Rgb scaled(Rgb colour, float by) { return {colour.r * by, colour.g * by, colour.b * by}; }
Rgb mix(Rgb under, Rgb over, float cover) {
  const float rest = 1 - cover;
  return {under.r * rest + over.r * cover, under.g * rest + over.g * cover, under.b * rest + over.b * cover};
}

float fraction(double x) { return static_cast<float>(x - std::floor(x)); }

/// From `at` to x on a circle of circumference 1: -1/2 to 1/2. The world is a torus.
float wrapped(float x, float at) { return x - at - std::floor(x - at + 0.5F); }

/// 0 outside, 1 inside, linear across the edge; `distance` is negative inside.
float coverage(float distance, float edge) { return std::clamp(0.5F - distance / edge, 0.0F, 1.0F); }

/// Where the cycle stands in one picture: every quantity that a motion changes.
struct Pose {
  float x, y, radius;
  float light;              ///< factor of the colour
  float lit_x, lit_y;       ///< direction of the lit half of a shape that turns
  bool turns, bar_upright;  ///< bar_upright: a vertical bar
};

Pose pose_at(const Scene& scene, int picture) {
  const double phase = scene.phase + static_cast<double>(picture) / kPictures;
  // Size and brightness jump back at the end of a cycle; a sixth keeps the states at 1/6, 1/2 and 5/6, off that edge.
  const float level = fraction(phase + 1.0 / 6);
  Pose pose{
      static_cast<float>(scene.x), static_cast<float>(scene.y), static_cast<float>(scene.radius), 1, 1, 0, false, true};
  switch (cycle(scene.motion)) {
    case Cycle::horizontal: pose.x += fraction(phase); break;
    case Cycle::vertical:
      pose.y += fraction(phase);
      pose.bar_upright = false;
      break;
    case Cycle::turn: {
      const double angle = 2 * std::numbers::pi * phase;  // y points down: a growing angle turns clockwise
      pose.lit_x = static_cast<float>(std::cos(angle));
      pose.lit_y = static_cast<float>(std::sin(angle));
      pose.turns = true;
      break;
    }
    case Cycle::size: pose.radius = (6 + 26 * level) / 64; break;
    case Cycle::brightness: pose.light = 0.23F + 0.84F * level; break;
  }
  return pose;
}

/// Signed distance to the outline, negative inside.
float outline(ShapeKind shape, float dx, float dy, float radius, bool bar_upright) {
  switch (shape) {
    case ShapeKind::circle: return std::sqrt(dx * dx + dy * dy) - radius;
    case ShapeKind::square: return std::max(std::abs(dx), std::abs(dy)) - 0.88F * radius;  // area near the circle's
    case ShapeKind::bar: break;
  }
  return std::abs(bar_upright ? dx : dy) - 0.25F;
}

/// Stripes of width 1/8: 1 on even ones, -1 on odd ones, linear across the edges.
float stripes(float x, float edge) {
  const float place = 4 * x - std::floor(4 * x);
  const float inside = (place < 0.5F ? std::min(place, 0.5F - place) : -std::min(place - 0.5F, 1 - place)) / 4;
  return std::clamp(2 * inside / edge, -1.0F, 1.0F);
}

float background(const Scene& scene, float x, float y, float edge) {
  const auto grey = static_cast<float>(scene.grey);
  if (scene.background == Background::plain) return 255 * grey;
  float pattern = stripes(x + static_cast<float>(scene.pattern_shift), edge);
  if (scene.background == Background::checkered) pattern *= stripes(y, edge);
  return 255 * (grey + static_cast<float>(scene.contrast) * pattern);
}

Rgb pixel(const Scene& scene, const Pose& pose, float x, float y, float edge) {
  const float grey = background(scene, x, y, edge);
  Rgb result{grey, grey, grey};
  const float dx = wrapped(x, pose.x), dy = wrapped(y, pose.y);
  const float cover = coverage(outline(scene.shape, dx, dy, pose.radius, pose.bar_upright), edge);
  if (cover > 0) {
    constexpr float dark = 0.15F;
    const float lit = pose.turns ? 1 - coverage(dx * pose.lit_x + dy * pose.lit_y, edge) : 1.0F;
    const Rgb own = kColourValues[static_cast<int>(scene.colour)];
    result = mix(result, scaled(own, pose.light * (dark + (1 - dark) * lit)), cover);
  }
  if (scene.second) {
    constexpr float centre = 9.0F / 64, radius = 6.0F / 64;
    const float distance = outline(scene.second->shape, x - centre, y - centre, radius, true);
    result = mix(result, kColourValues[static_cast<int>(scene.second->colour)], coverage(distance, edge));
  }
  return result;
}

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F); }

void render_picture(const Scene& scene, int picture, int size, std::uint8_t* out) {
  const Pose pose = pose_at(scene, picture);
  const float edge = std::max(1.0F / static_cast<float>(size), 1.0F / 32);
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      const float x = (static_cast<float>(column) + 0.5F) / static_cast<float>(size);
      const float y = (static_cast<float>(row) + 0.5F) / static_cast<float>(size);
      const Rgb colour = pixel(scene, pose, x, y, edge);
      *out++ = to_byte(colour.r);
      *out++ = to_byte(colour.g);
      *out++ = to_byte(colour.b);
    }
  }
}

}  // namespace

Tensor render_loop(const Scene& scene, int size) {
  check(size >= 8 && size <= 1024, ErrorCode::config, "renderer: got size ", size, ", expected 8 to 1024");
  Tensor pictures = Tensor::empty({kPictures, size, size, 3}, {DType::u8, {}});
  const std::int64_t bytes = pictures.numel() / kPictures;
  for (int i = 0; i < kPictures; ++i) render_picture(scene, i, size, pictures.data<std::uint8_t>() + i * bytes);
  return pictures;
}

Tensor render_clip(const Scene& scene, int size) {
  const Tensor pictures = render_loop(scene, size);
  Tensor frames = Tensor::empty({kFrames, size, size, 3}, {DType::u8, {}});
  const std::int64_t bytes = pictures.numel() / kPictures;
  for (int t = 0; t < kFrames; ++t) {
    std::memcpy(frames.data<std::uint8_t>() + t * bytes,
                pictures.data<std::uint8_t>() + picture_at(scene.motion, t) * bytes, static_cast<std::size_t>(bytes));
  }
  return frames;
}

}  // namespace aio::synthetic
