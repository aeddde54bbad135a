#pragma once
// Scene: what one clip of the moving-shapes world shows, in units of the picture's side, so that it can be drawn at any
// size. A clip is 24 frames, 3 seconds at 8 frames a second, and loops without a seam.
//
// Two rules decide whether the set measures what it is for, the understanding of motion:
//  * Every motion is cyclic, and the second of each pair is the first one played backwards. The loop is six pictures,
//    three states and a half-way picture between each two, and both motions of a pair show the same six, each as often
//    and, over the random start, each as likely at every frame. So no frame by itself, not even with its number, and no
//    average of frames says which of the two it is; only the order does. (A shape that just travelled to the left
//    would give itself away: a linear function of the frames' mean position and number is its velocity.)
//  * What moves is large, so that most patches of a small model see it: a bar over half the picture, a shape that
//    grows, turns or brightens. The order of two frames is an exclusive or, whose gradient vanishes to first order;
//    small things in motion were not learned at all in the time a test may take.

#include <array>
#include <optional>
#include <string_view>

#include "tensor/random.h"

namespace aio::synthetic {

inline constexpr int kFrames = 24;
inline constexpr int kFramesPerSecond = 8;
inline constexpr int kStates = 3;              ///< as many as the model has frames in its smallest configuration
inline constexpr int kPictures = 2 * kStates;  ///< of the loop: state, half way, state, half way, ...

/// The order is that of the classes of action recognition. Neighbours (0 1), (2 3), ... are each other's reversal.
enum class Motion { left, right, up, down, clockwise, counterclockwise, grow, shrink, brighten, fade };
enum class ShapeKind { circle, square, bar };
enum class Colour { red, green, blue, yellow, white, purple };
enum class Background { plain, striped, checkered };

inline constexpr int kMotions = 10;
inline constexpr int kColours = 6;
inline constexpr int kBackgrounds = 3;

std::string_view to_string(Motion motion);
std::string_view to_string(ShapeKind shape);
std::string_view to_string(Colour colour);
std::string_view to_string(Background background);

/// The same motion played backwards.
Motion reversed(Motion motion);
/// What cycles: a pair of motions shares it and differs in the direction of time only.
enum class Cycle { horizontal, vertical, turn, size, brightness };
Cycle cycle(Motion motion);
/// right, down, clockwise, grow and brighten walk through the loop forwards.
bool forwards(Motion motion);

/// A small shape that stands still in the top left corner, for questions that count.
struct SecondShape {
  ShapeKind shape = ShapeKind::square;
  Colour colour = Colour::red;
};

struct Scene {
  Motion motion = Motion::left;
  ShapeKind shape = ShapeKind::bar;  ///< bar for left, right, up and down; circle or square for the others
  Colour colour = Colour::red;
  Background background = Background::plain;
  double phase = 0;           ///< where in the loop the clip starts, in cycles: a state and some jitter
  double x = 0.5, y = 0.5;    ///< centre
  double radius = 21.0 / 64;  ///< half the width of a shape that does not change its size
  double grey = 0.25;         ///< of the background, 0 black to 1 white
  double contrast = 0.12;     ///< of a striped or checkered background: grey +- contrast
  double pattern_shift = 0;   ///< of that pattern to the left
  std::optional<SecondShape> second;
};

struct SceneOptions {
  int backgrounds = 1;         ///< 1 plain, 2 also striped, 3 also checkered: patterns make motion harder to learn
  double second_shape = 0.25;  ///< probability
  double jitter = 0.1;         ///< 0 none, 1 as much as still leaves the states apart
};

/// Everything but the motion is drawn from `key`. Throws Error{config} for options out of range.
Scene draw_scene(Motion motion, RngKey key, const SceneOptions& options = {});

/// Which of the loop's pictures frame 0 <= t < kFrames shows: a state for 7 frames, then one half-way picture. A frame
/// between states must be half way: at a third, its place in time would tell the direction.
int picture_at(Motion motion, int t);

}  // namespace aio::synthetic
