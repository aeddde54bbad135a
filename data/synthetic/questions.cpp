#include "data/synthetic/questions.h"

#include "tensor/error.h"

namespace aio::synthetic {
namespace {

std::vector<std::string> motion_questions(const Scene& scene) {
  const std::string shape(to_string(scene.shape));
  switch (cycle(scene.motion)) {
    case Cycle::horizontal:
    case Cycle::vertical:
      return {"which way does the " + shape + " move?", "which way does the " + shape + " go?",
              "which way does the " + shape + " slide?"};
    case Cycle::turn:
      return {"which way does the " + shape + " turn?", "which way does the " + shape + " spin?",
              "how does the " + shape + " turn?"};
    case Cycle::size:
      return {"does the " + shape + " grow or shrink?", "does the " + shape + " get bigger or smaller?",
              "how does the size of the " + shape + " change?"};
    case Cycle::brightness: break;
  }
  return {"does the " + shape + " brighten or fade?", "does the " + shape + " get brighter or darker?",
          "how does the light of the " + shape + " change?"};
}

}  // namespace

std::vector<Question> questions(const Scene& scene, const SceneOptions& options, bool every_motion_question,
                                Dice& dice) {
  static const std::vector<std::string> shape_questions{"what shape is it?", "what is the shape of the object?"};
  static const std::vector<std::string> background_questions{"what is the background?", "which background is it?"};
  std::vector<std::string> about_motion = motion_questions(scene);
  if (!every_motion_question) about_motion = {dice.one_of(about_motion)};
  std::vector<Question> result;
  for (const std::string& text : about_motion) result.push_back({"motion", text, std::string(to_string(scene.motion))});
  result.push_back(
      {"color", message("what color is the ", to_string(scene.shape), "?"), std::string(to_string(scene.colour))});
  if (!scene.second) result.push_back({"shape", dice.one_of(shape_questions), std::string(to_string(scene.shape))});
  if (options.backgrounds > 1)
    result.push_back({"background", dice.one_of(background_questions), std::string(to_string(scene.background))});
  if (options.second_shape > 0) result.push_back({"count", "how many shapes are there?", scene.second ? "two" : "one"});
  return result;
}

std::vector<std::string> all_answers() {
  std::vector<std::string> answers;
  for (int i = 0; i < kColours; ++i) answers.emplace_back(to_string(static_cast<Colour>(i)));
  for (const ShapeKind shape : {ShapeKind::circle, ShapeKind::square, ShapeKind::bar})
    answers.emplace_back(to_string(shape));
  for (int i = 0; i < kBackgrounds; ++i) answers.emplace_back(to_string(static_cast<Background>(i)));
  for (int i = 0; i < kMotions; ++i) answers.emplace_back(to_string(static_cast<Motion>(i)));
  answers.insert(answers.end(), {"one", "two"});
  return answers;
}

}  // namespace aio::synthetic
