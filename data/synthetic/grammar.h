#pragma once
// Grammar: captions of scenes. Four sentence forms, two or three phrases a motion, two prepositions.

#include <string>
#include <vector>

#include "data/dice.h"
#include "data/synthetic/scene.h"

namespace aio::synthetic {

/// How something is said, apart from what is said: scenes that differ in one property, told in the same phrasing,
/// differ in the words for that property only.
struct Phrasing {
  int form = 0;         ///< 0 <= form < kForms
  int verb = 0;         ///< any number; phrases repeat. Equal numbers mean opposite phrases of opposite motions
  int preposition = 0;  ///< 0 over, 1 on
};

inline constexpr int kForms = 4;
inline constexpr int kVerbs = 6;  ///< after as many, all motions' phrases repeat together

Phrasing draw_phrasing(Dice& dice);

/// "a red circle turns clockwise over a plain background with a small blue square"; lower case, no punctuation.
std::string caption(const Scene& scene, const Phrasing& phrasing);

/// One caption of each form, in random order, otherwise drawn.
std::vector<std::string> captions(const Scene& scene, Dice& dice);

/// Captions to choose from, in random order.
struct Choice {
  std::vector<std::string> options;
  int correct = 0;
};

/// The scene's caption, the same with the motion reversed, and three with other motions, all in one phrasing. The other
/// motions are those that the shape can make, while there are enough: a bar that turns would be ruled out by the words.
Choice draw_choice(const Scene& scene, Dice& dice);

/// Two scenes with equal contents have the same captions; "bar left red plain".
std::string contents(const Scene& scene);

}  // namespace aio::synthetic
