#include "data/metrics/cider.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

namespace aio {
namespace {

/// The tf-idf vectors of a sentence, one for each n.
struct Weights {
  std::array<std::map<std::string, double>, kMaxGram> of;
  std::array<double, kMaxGram> norm{};
  double length = 0;
};

class InverseFrequency {
 public:
  explicit InverseFrequency(const std::vector<CaptionPair>& pairs) : log_items_(std::log(pairs.size())) {
    for (const CaptionPair& pair : pairs) {
      std::set<std::string> seen;  // an item counts once, however many of its references have the gram
      for (const Words& reference : pair.references) {
        for (const auto& counts : count_grams(reference)) {
          for (const auto& entry : counts) seen.insert(entry.first);
        }
      }
      for (const std::string& gram : seen) ++items_with_[gram];
    }
  }

  Weights weigh(const Words& sentence) const {
    Weights weights;
    const GramCounts counts = count_grams(sentence);
    for (std::size_t n = 0; n < kMaxGram; ++n) {
      double squares = 0;
      for (const auto& [gram, count] : counts[n]) {
        const auto known = items_with_.find(gram);
        const double log_items_with = known == items_with_.end() ? 0 : std::log(known->second);
        const double weight = static_cast<double>(count) * (log_items_ - log_items_with);
        weights.of[n][gram] = weight;
        squares += weight * weight;
      }
      weights.norm[n] = std::sqrt(squares);
    }
    weights.length = sentence.empty() ? 0 : static_cast<double>(sentence.size() - 1);
    return weights;
  }

 private:
  double log_items_;
  std::unordered_map<std::string, double> items_with_;
};

double similarity(const Weights& prediction, const Weights& reference) {
  constexpr double kSigma = 6;
  const double delta = prediction.length - reference.length;
  const double penalty = std::exp(-delta * delta / (2 * kSigma * kSigma));
  double sum = 0;
  for (std::size_t n = 0; n < kMaxGram; ++n) {
    double dot = 0;
    for (const auto& [gram, weight] : prediction.of[n]) {
      const auto other = reference.of[n].find(gram);
      if (other != reference.of[n].end()) dot += std::min(weight, other->second) * other->second;
    }
    const double norms = prediction.norm[n] * reference.norm[n];
    sum += penalty * (norms > 0 ? dot / norms : dot);
  }
  return sum / kMaxGram;
}

}  // namespace

std::vector<double> cider(const std::vector<CaptionPair>& pairs) {
  check_caption_pairs(pairs, "CIDEr");
  const InverseFrequency frequency(pairs);
  std::vector<double> scores;
  for (const CaptionPair& pair : pairs) {
    const Weights prediction = frequency.weigh(pair.prediction);
    double sum = 0;
    for (const Words& reference : pair.references) sum += similarity(prediction, frequency.weigh(reference));
    scores.push_back(10 * sum / static_cast<double>(pair.references.size()));
  }
  return scores;
}

}  // namespace aio
