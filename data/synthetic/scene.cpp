#include "data/synthetic/scene.h"

#include "data/dice.h"
#include "tensor/error.h"

namespace aio::synthetic {
namespace {

constexpr std::string_view kMotionNames[] = {"left", "right",  "up",       "down", "clockwise", "counterclockwise",
                                             "grow", "shrink", "brighten", "fade"};
constexpr std::string_view kShapeNames[] = {"circle", "square", "bar"};
constexpr std::string_view kColourNames[] = {"red", "green", "blue", "yellow", "white", "purple"};
constexpr std::string_view kBackgroundNames[] = {"plain", "striped", "checkered"};

/// A colour that is not `other`.
Colour another_colour(Dice& dice, Colour other) {
  return static_cast<Colour>((static_cast<std::int64_t>(other) + 1 + dice.below(kColours - 1)) % kColours);
}

}  // namespace

std::string_view to_string(Motion motion) { return kMotionNames[static_cast<int>(motion)]; }
std::string_view to_string(ShapeKind shape) { return kShapeNames[static_cast<int>(shape)]; }
std::string_view to_string(Colour colour) { return kColourNames[static_cast<int>(colour)]; }
std::string_view to_string(Background background) { return kBackgroundNames[static_cast<int>(background)]; }

Motion reversed(Motion motion) { return static_cast<Motion>(static_cast<int>(motion) ^ 1); }

Cycle cycle(Motion motion) { return static_cast<Cycle>(static_cast<int>(motion) / 2); }

bool forwards(Motion motion) {
  return motion == Motion::right || motion == Motion::down || motion == Motion::clockwise || motion == Motion::grow ||
         motion == Motion::brighten;
}

Scene draw_scene(Motion motion, RngKey key, const SceneOptions& options) {
  check(options.backgrounds >= 1 && options.backgrounds <= kBackgrounds, ErrorCode::config, "scene: got ",
        options.backgrounds, " backgrounds, expected 1 to ", kBackgrounds);
  check(options.second_shape >= 0 && options.second_shape <= 1, ErrorCode::config, "scene: got probability ",
        options.second_shape, " of a second shape, expected 0 to 1");
  check(options.jitter >= 0 && options.jitter <= 1, ErrorCode::config, "scene: got jitter ", options.jitter,
        ", expected 0 to 1");
  Dice dice(key);
  Scene scene;
  scene.motion = motion;
  const bool travels = cycle(motion) == Cycle::horizontal || cycle(motion) == Cycle::vertical;
  const ShapeKind compact = dice.below(2) == 0 ? ShapeKind::circle : ShapeKind::square;
  scene.shape = travels ? ShapeKind::bar : compact;
  scene.colour = static_cast<Colour>(dice.below(kColours));
  scene.background = static_cast<Background>(dice.below(options.backgrounds));
  scene.phase = (static_cast<double>(dice.below(kStates)) + options.jitter * dice.uniform(-0.15, 0.15)) / kStates;
  scene.x = 0.5 + options.jitter * dice.uniform(-4, 4) / 64;
  scene.y = 0.5 + options.jitter * dice.uniform(-4, 4) / 64;
  scene.radius = (21 + options.jitter * dice.uniform(-3, 3)) / 64;
  scene.grey = dice.uniform(0.15, 0.30);  // white at its darkest, when it fades, has 0.36
  scene.contrast = dice.uniform(0.08, 0.15);
  scene.pattern_shift = static_cast<double>(dice.below(16)) / 64;
  if (dice.coin(options.second_shape)) {
    SecondShape second;
    second.shape =
        compact == ShapeKind::circle ? ShapeKind::square : ShapeKind::circle;  // "the circle" must mean one thing
    second.colour = another_colour(dice, scene.colour);
    scene.second = second;
  }
  return scene;
}

int picture_at(Motion motion, int t) {
  constexpr int per_state = kFrames / kStates;
  const int steps = 2 * (t / per_state) + (t % per_state == per_state - 1 ? 1 : 0);
  return forwards(motion) ? steps : (kPictures - steps) % kPictures;
}

}  // namespace aio::synthetic
