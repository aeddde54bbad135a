#pragma once
// Questions about scenes, each with an answer of one word.

#include <string>
#include <vector>

#include "data/dice.h"
#include "data/synthetic/scene.h"

namespace aio::synthetic {

struct Question {
  std::string kind;  ///< motion, color, shape, background or count
  std::string text;
  std::string answer;
};

/// What can be asked about the scene, except questions that have but one answer in the whole set (the background where
/// all are plain, the count where there is never a second shape), and the shape where there are two.
/// `every_motion_question`: motion is asked in all its three wordings, so that half of the questions are about the one
/// thing that is hard; otherwise in one that is drawn.
std::vector<Question> questions(const Scene& scene, const SceneOptions& options, bool every_motion_question,
                                Dice& dice);

/// All answers: colours, shapes, backgrounds, motions, one, two; the same list whatever the options are, so that models
/// of different sets fit each other.
std::vector<std::string> all_answers();

}  // namespace aio::synthetic
