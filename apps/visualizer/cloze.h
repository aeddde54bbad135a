#pragma once
// The cloze test: words of a sentence are masked, and the model says from the video what they were.

#include <string>
#include <utility>
#include <vector>

#include "apps/visualizer/subject.h"

namespace aio::apps {

struct Guess {
  Word word;
  std::string answer;                                      ///< the most probable piece of each place, joined
  std::vector<std::pair<std::string, double>> candidates;  ///< of the first piece: pieces and probabilities, descending
};

/// All pieces of `masked` become [MASK] at once. Throws Error{config} for a model without the MLM head.
std::vector<Guess> guess_words(const Subject& subject, const std::vector<Word>& masked, std::int64_t candidates);

/// The sentence with [MASK] for the words, "a [MASK] moves [MASK]".
std::string masked_sentence(const std::vector<Word>& words, const std::vector<Word>& masked);

}  // namespace aio::apps
