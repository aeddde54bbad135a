#pragma once
// Evaluation: what evaluating a model on a split gives.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/trainer/averages.h"
#include "tensor/tensor.h"

namespace aio::apps {

/// In the order in which they are shown. Fractions of 1, ranks as they are.
using NamedMetrics = std::vector<std::pair<std::string, double>>;

struct Evaluation {
  std::int64_t items = 0;       ///< samples of the split
  std::int64_t unreadable = 0;  ///< of them; counted as wrong
  NamedMetrics metrics;
  NamedMetrics metrics_readable;                 ///< without the unreadable samples; empty where there are none
  std::vector<std::string> predictions;          ///< a JSON object each, without line feed: enough for every metric
  std::map<std::string, Tensor> similarities{};  ///< retrieval: f32 [texts, videos] by "bvtc", "vtm"

  /// Throws Error{value} for a name that is not there.
  double metric(std::string_view name) const;
};

/// Sums up scores of samples as means, over all and over the readable ones.
class Tally {
 public:
  /// Fixes the order of the metrics, and shows one that nothing was added to as 0.
  explicit Tally(const std::vector<std::string>& names);
  /// A sample's score for metric `name`: 1 right, 0 wrong, or in between. Unreadable ones should be wrong.
  void add(const std::string& name, double score, bool readable);
  /// A sample of the split.
  void count(bool readable);
  /// The whole, with the lines of predictions.jsonl.
  Evaluation finish(std::vector<std::string> predictions) const;

 private:
  Averages all_, readable_;
  std::int64_t items_ = 0, unreadable_ = 0;
};

}  // namespace aio::apps
