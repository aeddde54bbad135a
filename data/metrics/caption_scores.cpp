#include "data/metrics/caption_scores.h"

#include "data/metrics/bleu.h"
#include "data/metrics/cider.h"
#include "data/metrics/meteor_exact.h"
#include "data/metrics/ptb_tokenizer.h"
#include "data/metrics/rouge.h"
#include "tensor/error.h"

namespace aio {
namespace {

Words words_of(const std::string& sentence) {
  constexpr std::size_t kMaxBytes = 10'000;
  check(sentence.size() <= kMaxBytes, ErrorCode::value, "captions: a sentence has ", sentence.size(),
        " bytes; a caption has at most ", kMaxBytes);
  return ptb_words(sentence);
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

std::vector<CaptionPair> tokenize_captions(const std::vector<CaptionTexts>& captions) {
  std::vector<CaptionPair> pairs;
  for (const CaptionTexts& caption : captions) {
    pairs.push_back({words_of(caption.prediction), {}});
    for (const std::string& reference : caption.references) pairs.back().references.push_back(words_of(reference));
  }
  return pairs;
}

std::vector<std::pair<std::string, double>> score_captions(const std::vector<CaptionPair>& pairs) {
  const std::array<double, kMaxGram> bleus = bleu(pairs);
  std::vector<std::pair<std::string, double>> scores;
  for (std::size_t n = 0; n < kMaxGram; ++n) scores.emplace_back("Bleu_" + std::to_string(n + 1), bleus[n]);
  scores.emplace_back("ROUGE_L", mean(rouge_l(pairs)));
  scores.emplace_back("CIDEr", mean(cider(pairs)));
  scores.emplace_back("METEOR_exact", mean(meteor_exact(pairs)));
  return scores;
}

}  // namespace aio
