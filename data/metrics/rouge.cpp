#include "data/metrics/rouge.h"

#include <algorithm>

namespace aio {
namespace {

/// Length of the longest common subsequence; one row of the table at a time.
std::size_t common_length(const Words& a, const Words& b) {
  std::vector<std::size_t> row(b.size() + 1, 0);
  for (const std::string& word : a) {
    std::size_t diagonal = 0;  // the entry left of the one above
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

/// An empty sentence is one empty word to the COCO evaluation, which splits at single spaces; so two empty ones agree.
Words at_least_one(const Words& sentence) { return sentence.empty() ? Words{""} : sentence; }

double score(const CaptionPair& pair) {
  const Words prediction = at_least_one(pair.prediction);
  double precision = 0, recall = 0;
  for (const Words& words : pair.references) {
    const Words reference = at_least_one(words);
    const auto common = static_cast<double>(common_length(reference, prediction));
    precision = std::max(precision, common / static_cast<double>(prediction.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  constexpr double kBeta2 = 1.2 * 1.2;
  return precision > 0 ? (1 + kBeta2) * precision * recall / (recall + kBeta2 * precision) : 0;
}

}  // namespace

std::vector<double> rouge_l(const std::vector<CaptionPair>& pairs) {
  check_caption_pairs(pairs, "ROUGE-L");
  std::vector<double> scores;
  for (const CaptionPair& pair : pairs) scores.push_back(score(pair));
  return scores;
}

}  // namespace aio
