#pragma once
// All caption metrics of a set of predictions, from raw sentences.

#include <string>
#include <utility>
#include <vector>

#include "data/metrics/captions.h"

namespace aio {

struct CaptionTexts {
  std::string prediction;
  std::vector<std::string> references;  ///< at least one
};

/// Both sides as words (ptb_words). Throws Error{value} for a sentence of more than 10,000 bytes: the metrics' time
/// grows with the square of a sentence's length.
std::vector<CaptionPair> tokenize_captions(const std::vector<CaptionTexts>& captions);

/// Bleu_1, Bleu_2, Bleu_3, Bleu_4, ROUGE_L and CIDEr, as pycocoevalcap names and computes them, then METEOR_exact,
/// which is not METEOR (data/metrics/meteor_exact.h). Means over the items but for BLEU, which is the corpus's. Throws
/// Error{value} without captions or without references.
std::vector<std::pair<std::string, double>> score_captions(const std::vector<CaptionPair>& pairs);

}  // namespace aio
