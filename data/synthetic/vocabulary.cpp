#include "data/synthetic/vocabulary.h"

#include <set>
#include <sstream>

#include "data/synthetic/grammar.h"
#include "data/synthetic/questions.h"

namespace aio::synthetic {

std::vector<std::string> vocabulary() {
  std::set<std::string> words;
  const auto add = [&](std::string text) {
    const std::size_t mark = text.find('?');
    if (mark != std::string::npos) text.insert(mark, 1, ' ');  // WordPiece parts punctuation from words
    std::istringstream stream(text);
    for (std::string word; stream >> word;) words.insert(word);
  };
  for (const std::string& answer : all_answers()) add(answer);
  Scene scene;
  scene.second = SecondShape{};
  SceneOptions all;
  all.backgrounds = kBackgrounds;
  Dice dice(RngKey{});
  for (int motion = 0; motion < kMotions; ++motion) {
    scene.motion = static_cast<Motion>(motion);
    for (int form = 0; form < kForms; ++form)
      for (int verb = 0; verb < kVerbs; ++verb)
        for (int preposition = 0; preposition < 2; ++preposition) add(caption(scene, {form, verb, preposition}));
    for (int repeat = 0; repeat < 16; ++repeat) {
      scene.second = repeat % 2 == 0 ? std::optional(SecondShape{}) : std::nullopt;
      for (const Question& question : questions(scene, all, true, dice)) add(question.text);
    }
  }
  std::vector<std::string> lines{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  lines.insert(lines.end(), words.begin(), words.end());
  return lines;
}

}  // namespace aio::synthetic
