#include "data/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace aio {
namespace {

std::size_t closest_length(const CaptionPair& pair) {
  const auto length = static_cast<std::int64_t>(pair.prediction.size());
  std::pair<std::int64_t, std::int64_t> best{-1, 0};  // distance, reference length
  for (const Words& reference : pair.references) {
    const auto other = static_cast<std::int64_t>(reference.size());
    const std::pair<std::int64_t, std::int64_t> candidate{std::abs(other - length), other};
    if (best.first < 0 || candidate < best) best = candidate;
  }
  return static_cast<std::size_t>(best.second);
}

/// Of the prediction's n-grams, those that count as right.
std::array<std::int64_t, kMaxGram> matches(const CaptionPair& pair) {
  GramCounts most;
  for (const Words& reference : pair.references) {
    const GramCounts counts = count_grams(reference);
    for (std::size_t n = 0; n < kMaxGram; ++n) {
      for (const auto& [gram, count] : counts[n]) most[n][gram] = std::max(most[n][gram], count);
    }
  }
  std::array<std::int64_t, kMaxGram> right{};
  const GramCounts counts = count_grams(pair.prediction);
  for (std::size_t n = 0; n < kMaxGram; ++n) {
    for (const auto& [gram, count] : counts[n]) {
      const auto found = most[n].find(gram);
      if (found != most[n].end()) right[n] += std::min(count, found->second);
    }
  }
  return right;
}

}  // namespace

std::array<double, kMaxGram> bleu(const std::vector<CaptionPair>& pairs) {
  check_caption_pairs(pairs, "BLEU");
  std::array<double, kMaxGram> right{}, said{};
  double words = 0, reference_words = 0;
  for (const CaptionPair& pair : pairs) {
    const std::size_t length = pair.prediction.size();
    words += static_cast<double>(length);
    reference_words += static_cast<double>(closest_length(pair));
    const auto found = matches(pair);
    for (std::size_t n = 0; n < kMaxGram; ++n) {
      right[n] += static_cast<double>(found[n]);
      said[n] += static_cast<double>(length > n ? length - n : 0);
    }
  }
  // The COCO evaluation's guards against 0 / 0: a corpus without a single right 4-gram has a BLEU-4 that is tiny, not
  // 0.
  constexpr double kTiny = 1e-15, kSmall = 1e-9;
  const double ratio = (words + kTiny) / (reference_words + kSmall);
  const double brevity = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
  std::array<double, kMaxGram> scores{};
  double product = 1;
  for (std::size_t n = 0; n < kMaxGram; ++n) {
    product *= (right[n] + kTiny) / (said[n] + kSmall);
    scores[n] = std::pow(product, 1.0 / static_cast<double>(n + 1)) * brevity;
  }
  return scores;
}

}  // namespace aio
