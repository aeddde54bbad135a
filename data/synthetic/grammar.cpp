#include "data/synthetic/grammar.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio::synthetic {
namespace {

/// Phrase i of a motion is the opposite of phrase i of its reversal.
const std::vector<std::string>& phrases(Motion motion) {
  static const std::vector<std::string> all[kMotions] = {
      {"moves to the left", "goes left", "slides left"},
      {"moves to the right", "goes right", "slides right"},
      {"moves up", "goes up", "slides up"},
      {"moves down", "goes down", "slides down"},
      {"turns clockwise", "spins clockwise"},
      {"turns counterclockwise", "spins counterclockwise"},
      {"grows", "gets bigger"},
      {"shrinks", "gets smaller"},
      {"brightens", "gets brighter"},
      {"fades", "gets darker"},
  };
  return all[static_cast<int>(motion)];
}

bool can_make(ShapeKind shape, Motion motion) {
  const bool travels = cycle(motion) == Cycle::horizontal || cycle(motion) == Cycle::vertical;
  return travels == (shape == ShapeKind::bar);
}

/// Motions for wrong options beside the reversal: those the shape can make come first, either kind in random order.
std::vector<Motion> other_motions(const Scene& scene, Dice& dice) {
  std::vector<Motion> others;
  for (int i = 0; i < kMotions; ++i) {
    const auto motion = static_cast<Motion>(i);
    if (motion != scene.motion && motion != reversed(scene.motion)) others.push_back(motion);
  }
  dice.shuffle(others);
  std::stable_partition(others.begin(), others.end(), [&](Motion motion) { return can_make(scene.shape, motion); });
  return others;
}

}  // namespace

Phrasing draw_phrasing(Dice& dice) {
  Phrasing phrasing;
  phrasing.form = static_cast<int>(dice.below(kForms));
  phrasing.verb = static_cast<int>(dice.below(kVerbs));
  phrasing.preposition = static_cast<int>(dice.below(2));
  return phrasing;
}

std::string caption(const Scene& scene, const Phrasing& phrasing) {
  const std::vector<std::string>& verbs = phrases(scene.motion);
  const std::string& moves = verbs[static_cast<std::size_t>(phrasing.verb) % verbs.size()];
  const auto colour = to_string(scene.colour), shape = to_string(scene.shape);
  const std::string ground = message(phrasing.preposition == 0 ? "over a " : "on a ", to_string(scene.background));
  std::string text;
  switch (phrasing.form) {
    case 0: text = message("a ", colour, " ", shape, " ", moves, " ", ground, " background"); break;
    case 1: text = message("the ", shape, " is ", colour, " and it ", moves, " ", ground, " floor"); break;
    case 2: text = message(ground, " background a ", colour, " ", shape, " ", moves); break;
    case 3: text = message("there is a ", colour, " ", shape, " that ", moves, " ", ground, " background"); break;
    default: fail(ErrorCode::value, "grammar: got form ", phrasing.form, ", expected 0 to ", kForms - 1);
  }
  if (scene.second)
    text += message(" with a small ", to_string(scene.second->colour), " ", to_string(scene.second->shape));
  return text;
}

std::vector<std::string> captions(const Scene& scene, Dice& dice) {
  std::vector<std::string> result;
  for (int form = 0; form < kForms; ++form) {
    Phrasing phrasing = draw_phrasing(dice);
    phrasing.form = form;
    result.push_back(caption(scene, phrasing));
  }
  dice.shuffle(result);
  return result;
}

Choice draw_choice(const Scene& scene, Dice& dice) {
  const Phrasing phrasing = draw_phrasing(dice);
  std::vector<Motion> motions = other_motions(scene, dice);
  motions.resize(3);
  motions.push_back(scene.motion);
  motions.push_back(reversed(scene.motion));
  dice.shuffle(motions);
  Choice choice;
  for (const Motion motion : motions) {
    Scene told = scene;
    told.motion = motion;
    choice.options.push_back(caption(told, phrasing));
  }
  choice.correct = static_cast<int>(std::find(motions.begin(), motions.end(), scene.motion) - motions.begin());
  return choice;
}

std::string contents(const Scene& scene) {
  std::string text = message(to_string(scene.shape), " ", to_string(scene.motion), " ", to_string(scene.colour), " ",
                             to_string(scene.background));
  if (scene.second) text += message(" ", to_string(scene.second->colour), " ", to_string(scene.second->shape));
  return text;
}

}  // namespace aio::synthetic
