#include "data/synthetic/direction_lab.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "data/dice.h"
#include "data/synthetic/scene.h"
#include "tensor/error.h"

namespace aio::synthetic {
namespace {

struct Rgb {
  float channel[3];
};

constexpr Rgb kPureColours[kColours] = {{{1, 0, 0}}, {{0, 1, 0}}, {{0, 0, 1}}, {{1, 1, 0}}, {{1, 1, 1}}, {{1, 0, 1}}};
constexpr float kGrey = 0.25F;
constexpr auto kSide = static_cast<double>(kLabSide);

struct LabScene {
  LabMotion motion;
  int colour;
  int column, row;  ///< patch of the small square that stands still before a background that changes
  int start;        ///< state of the first frame
  bool forwards;

  int state(int t) const { return (start + (forwards ? t : 2 * t)) % kStates; }  // two states on is one back
};

LabScene draw_lab_scene(Dice& dice) {
  const auto below = [&](int choices) { return static_cast<int>(dice.below(choices)); };
  LabScene scene{};  // member by member: the order of arguments would not be fixed
  scene.motion = static_cast<LabMotion>(below(kLabMotions));
  scene.colour = below(kColours);
  scene.column = below(3);
  scene.row = below(3);
  scene.start = below(kStates);
  scene.forwards = dice.coin();
  return scene;
}

double fraction(double x) { return x - std::floor(x); }

/// Does the thing that cycles cover the point (x, y), 0 to 24, in this state?
bool covers(LabMotion motion, double x, double y, int state) {
  const double phase = state / static_cast<double>(kStates);
  const double dx = x - kSide / 2, dy = y - kSide / 2;
  const double radius = std::sqrt(dx * dx + dy * dy);
  switch (motion) {
    case LabMotion::vertical_bar: return fraction(x / kSide - phase) < 0.5;
    case LabMotion::horizontal_bar: return fraction(y / kSide - phase) < 0.5;
    case LabMotion::size: return radius < kSide * (0.12 + 0.17 * state);
    case LabMotion::turn:
      return fraction(std::atan2(dy, dx) / (2 * std::numbers::pi) - phase) < 0.5 && radius < 0.45 * kSide;
    case LabMotion::background: break;
  }
  return false;
}

/// Value of one channel, 0 to 1.
float value_at(const LabScene& scene, int x, int y, int state, int channel) {
  const float own = kPureColours[scene.colour].channel[channel];
  if (scene.motion != LabMotion::background) return covers(scene.motion, x + 0.5, y + 0.5, state) ? own : kGrey;
  const auto inside = [](int at, int patch) {
    return at / kLabPatch == patch && at % kLabPatch > 0 && at % kLabPatch < 7;
  };
  if (inside(x, scene.column) && inside(y, scene.row)) return own;
  return 0.15F + 0.5F * kPureColours[state].channel[channel];
}

}  // namespace

LabBatch draw_lab_batch(int batch, int frames, RngKey key) {
  check(batch >= 1 && frames >= 1, ErrorCode::config, "direction lab: got ", batch, " clips of ", frames,
        " frames, expected at least 1 of each");
  LabBatch result;
  result.frames = Tensor::empty({batch, frames, 3, kLabSide, kLabSide});
  std::vector<std::int64_t> ids, motions, answers;
  float* out = result.frames.data<float>();
  Dice dice(key);
  for (int i = 0; i < batch; ++i) {
    const LabScene scene = draw_lab_scene(dice);
    for (int t = 0; t < frames; ++t)
      for (int channel = 0; channel < 3; ++channel)
        for (int y = 0; y < kLabSide; ++y)
          for (int x = 0; x < kLabSide; ++x) *out++ = (value_at(scene, x, y, scene.state(t), channel) - 0.3F) / 0.25F;
    const auto motion = static_cast<std::int64_t>(scene.motion);
    ids.insert(ids.end(), {2, 5 + motion, 3});
    motions.push_back(motion);
    answers.push_back(2 * motion + (scene.forwards ? 1 : 0));
  }
  result.ids = Tensor::from(ids, {batch, kLabTextLength});
  result.motions = Tensor::from(motions, {batch});
  result.answers = Tensor::from(answers, {batch});
  return result;
}

}  // namespace aio::synthetic
