// Captions, choices, questions and the vocabulary of the embedded data set.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "data/synthetic/grammar.h"
#include "data/synthetic/questions.h"
#include "data/synthetic/vocabulary.h"
#include "tests/data/synthetic_clips.h"
#include "tests/expect_error.h"

namespace aio::synthetic {
namespace {

using test::motion_at;
using test::scene_with;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

SceneOptions everything() {
  SceneOptions options;
  options.backgrounds = kBackgrounds;
  options.second_shape = 0.5;
  return options;
}

TEST_CASE("grammar: the four forms") {
  Scene scene;
  scene.motion = Motion::clockwise;
  scene.shape = ShapeKind::circle;
  scene.background = Background::striped;
  CHECK(caption(scene, {0, 0, 0}) == "a red circle turns clockwise over a striped background");
  CHECK(caption(scene, {1, 1, 1}) == "the circle is red and it spins clockwise on a striped floor");
  CHECK(caption(scene, {2, 2, 1}) == "on a striped background a red circle turns clockwise");
  scene.second = SecondShape{ShapeKind::square, Colour::blue};
  CHECK(caption(scene, {3, 0, 0}) ==
        "there is a red circle that turns clockwise over a striped background with a small blue square");
  EXPECT_ERROR(caption(scene, {4, 0, 0}), value, "got form 4, expected 0 to 3");
}

TEST_CASE("grammar: reversing the motion changes exactly one word") {
  for (int i = 0; i < kMotions; ++i) {
    Scene scene = scene_with(motion_at(i), 5, everything());
    for (int form = 0; form < kForms; ++form) {
      for (int verb = 0; verb < kVerbs; ++verb) {
        scene.motion = motion_at(i);
        const std::vector<std::string> told = words_of(caption(scene, {form, verb, 0}));
        scene.motion = reversed(scene.motion);
        const std::vector<std::string> flipped = words_of(caption(scene, {form, verb, 0}));
        REQUIRE(told.size() == flipped.size());
        int different = 0;
        for (std::size_t w = 0; w < told.size(); ++w) different += told[w] != flipped[w] ? 1 : 0;
        CHECK(different == 1);
      }
    }
  }
}

TEST_CASE("grammar: scenes with different contents have no caption in common") {
  std::set<std::string> all;
  std::set<std::string> seen;
  std::size_t count = 0;
  for (std::uint32_t call = 0; call < 300; ++call) {
    const Scene scene = scene_with(motion_at(static_cast<int>(call % kMotions)), call, everything());
    if (!seen.insert(contents(scene)).second) continue;
    std::set<std::string> own;
    for (int form = 0; form < kForms; ++form)
      for (int verb = 0; verb < kVerbs; ++verb)
        for (int preposition = 0; preposition < 2; ++preposition) own.insert(caption(scene, {form, verb, preposition}));
    count += own.size();
    all.insert(own.begin(), own.end());
  }
  CHECK(all.size() == count);
}

TEST_CASE("grammar: a clip's captions are one of each form") {
  Dice dice(RngKey{3});
  const std::vector<std::string> four = captions(scene_with(Motion::fade), dice);
  REQUIRE(four.size() == kForms);
  const auto starting = [&](const std::string& start) {
    return std::count_if(four.begin(), four.end(), [&](const std::string& text) { return text.starts_with(start); });
  };
  CHECK(starting("a ") == 1);
  CHECK(starting("the ") == 1);
  CHECK(starting("there is ") == 1);
  CHECK(starting("o") == 1);  // over a, on a
}

TEST_CASE("grammar: choices hold the truth, its flip and three more, at an even place, in one wording") {
  int places[5] = {};
  constexpr int n = 1000;
  for (std::uint32_t call = 0; call < n; ++call) {
    const Scene scene = scene_with(motion_at(static_cast<int>(call % kMotions)), call);
    Dice dice(RngKey{9, 0, call});
    const Choice choice = draw_choice(scene, dice);
    REQUIRE(choice.options.size() == 5);
    CHECK(std::set<std::string>(choice.options.begin(), choice.options.end()).size() == 5);
    ++places[choice.correct];
    // Everything but the motion is the same in all: the first words and the last ones of the form are.
    const std::string& truth = choice.options[static_cast<std::size_t>(choice.correct)];
    Scene flipped = scene;
    flipped.motion = reversed(scene.motion);
    bool told = false, flip_offered = false;
    for (int form = 0; form < kForms; ++form) {
      for (int verb = 0; verb < kVerbs; ++verb) {
        for (int preposition = 0; preposition < 2; ++preposition) {
          if (caption(scene, {form, verb, preposition}) != truth) continue;
          told = true;
          const std::string opposite = caption(flipped, {form, verb, preposition});
          flip_offered =
              flip_offered || std::find(choice.options.begin(), choice.options.end(), opposite) != choice.options.end();
        }
      }
    }
    CHECK(told);
    CHECK(flip_offered);
    if (scene.shape == ShapeKind::bar) {  // at least up, down, left and right: words alone leave four
      int travels = 0;
      for (const std::string& option : choice.options)
        for (const char* word : {" left", " right", " up", " down"})
          travels += option.find(word) != std::string::npos ? 1 : 0;
      CHECK(travels == 4);
    }
  }
  for (const int count : places) CHECK(std::abs(count - n / 5) < 60);
}

TEST_CASE("questions: each kind, and those that would have one answer only are not asked") {
  Scene scene = scene_with(Motion::shrink);
  scene.second.reset();
  scene.shape = ShapeKind::square;
  scene.colour = Colour::white;
  Dice dice(RngKey{1});
  const auto ask = [&](const SceneOptions& options) {
    std::string text;
    for (const Question& question : questions(scene, options, false, dice))
      text += question.kind + "=" + question.answer + " ";
    return text;
  };
  CHECK(ask(everything()) == "motion=shrink color=white shape=square background=" +
                                 std::string(to_string(scene.background)) + " count=one ");
  SceneOptions plain;
  plain.second_shape = 0;
  CHECK(ask(plain) == "motion=shrink color=white shape=square ");
  scene.second = SecondShape{ShapeKind::circle, Colour::red};
  CHECK(ask(SceneOptions{}) == "motion=shrink color=white count=two ");  // "the shape" would be ambiguous
  const auto all = questions(scene, SceneOptions{}, true, dice);
  CHECK(std::count_if(all.begin(), all.end(), [](const Question& q) { return q.kind == "motion"; }) == 3);
}

TEST_CASE("questions: their words do not depend on the direction") {
  for (int i = 0; i < kMotions; i += 2) {
    Scene scene = scene_with(motion_at(i));
    Dice one(RngKey{4}), two(RngKey{4});
    const auto asked = questions(scene, everything(), true, one);
    scene.motion = reversed(scene.motion);
    const auto again = questions(scene, everything(), true, two);
    for (std::size_t q = 0; q < asked.size(); ++q) CHECK(asked[q].text == again[q].text);
  }
}

TEST_CASE("vocabulary: BERT's special tokens, then sorted words, and no text of the set has another") {
  const std::vector<std::string> lines = vocabulary();
  CHECK(std::vector<std::string>(lines.begin(), lines.begin() + 5) ==
        std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"});
  CHECK(std::is_sorted(lines.begin() + 5, lines.end()));
  const std::set<std::string> words(lines.begin(), lines.end());
  CHECK(words.size() == lines.size());
  const std::vector<std::string> answers = all_answers();
  for (std::uint32_t call = 0; call < 500; ++call) {
    const Scene scene = scene_with(motion_at(static_cast<int>(call % kMotions)), call, everything());
    Dice dice(RngKey{5, 0, call});
    std::vector<std::string> texts = captions(scene, dice);
    for (const std::string& option : draw_choice(scene, dice).options) texts.push_back(option);
    for (const Question& question : questions(scene, everything(), false, dice)) {
      CHECK(question.text.ends_with("?"));
      texts.push_back(question.text.substr(0, question.text.size() - 1));
      texts.push_back(question.answer);
      CHECK(std::find(answers.begin(), answers.end(), question.answer) != answers.end());
    }
    for (const std::string& text : texts) {
      CHECK(words_of(text).size() <= 19);
      for (const std::string& word : words_of(text)) {
        CAPTURE(word);
        CHECK(words.count(word) == 1);
      }
    }
  }
}

}  // namespace
}  // namespace aio::synthetic
