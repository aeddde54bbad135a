#include "data/metrics/meteor_exact.h"

#include <algorithm>
#include <cmath>

namespace aio {
namespace {

struct Run {
  std::size_t length = 0, prediction = 0, reference = 0;
};

/// The longest run of the same words, none of them taken yet.
Run longest_run(const Words& prediction, const Words& reference, const std::vector<bool>& taken_prediction,
                const std::vector<bool>& taken_reference) {
  Run best;
  // lengths[j + 1]: of the run that ends with word i of the prediction and word j of the reference.
  std::vector<std::size_t> lengths(reference.size() + 1, 0);
  for (std::size_t i = 0; i < prediction.size(); ++i) {
    for (std::size_t j = reference.size(); j-- > 0;) {
      const bool same = !taken_prediction[i] && !taken_reference[j] && prediction[i] == reference[j];
      lengths[j + 1] = same ? lengths[j] + 1 : 0;
      const Run run{lengths[j + 1], i + 1 - lengths[j + 1], j + 1 - lengths[j + 1]};
      const bool further_left = run.prediction == best.prediction && run.reference < best.reference;
      if (run.length > best.length || (run.length == best.length && further_left)) best = run;
    }
  }
  return best;
}

double score(const Words& prediction, const Words& reference) {
  std::vector<bool> taken_prediction(prediction.size(), false), taken_reference(reference.size(), false);
  std::size_t matches = 0, chunks = 0;
  for (;;) {
    const Run run = longest_run(prediction, reference, taken_prediction, taken_reference);
    if (run.length == 0) break;
    for (std::size_t k = 0; k < run.length; ++k)
      taken_prediction[run.prediction + k] = taken_reference[run.reference + k] = true;
    matches += run.length;
    ++chunks;
  }
  if (matches == 0) return 0;
  const double precision = static_cast<double>(matches) / static_cast<double>(prediction.size());
  const double recall = static_cast<double>(matches) / static_cast<double>(reference.size());
  const double f = 10 * precision * recall / (recall + 9 * precision);
  return f * (1 - 0.5 * std::pow(static_cast<double>(chunks) / static_cast<double>(matches), 3));
}

}  // namespace

std::vector<double> meteor_exact(const std::vector<CaptionPair>& pairs) {
  check_caption_pairs(pairs, "METEOR");
  std::vector<double> scores;
  for (const CaptionPair& pair : pairs) {
    double best = 0;
    for (const Words& reference : pair.references) best = std::max(best, score(pair.prediction, reference));
    scores.push_back(best);
  }
  return scores;
}

}  // namespace aio
