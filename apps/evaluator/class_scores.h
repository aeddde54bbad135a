#pragma once
// Tasks that score a few classes for each sample: answers, options, actions. Here is what they share: reading the
// split, averaging views, and which sample has which scores.

#include <functional>
#include <vector>

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/json_line.h"
#include "nn/forward_ctx.h"

namespace aio::apps {

/// Scores of a batch, [B, classes].
using ScoreBatch = std::function<Tensor(const Batch&, nn::ForwardCtx&)>;

struct ScoredSample {
  Sample sample;
  std::int64_t row = 0;  ///< of the split
  bool readable = false;
  std::int64_t label = 0;             ///< kIgnored: unknown
  std::vector<double> probabilities;  ///< softmax of the scores, mean over the views; of an unreadable one meaningless
  std::vector<std::int64_t> order;    ///< classes, the best first; of equal ones the first

  /// The label is among the first `count`, and was read.
  bool right(std::size_t count = 1) const;
  /// The best `count` classes with their probabilities, named by `names`, or "class 7" where there is none.
  std::vector<ScoredText> best(std::size_t count, const std::vector<std::string>& names) const;
};

/// Scores of a batch in one view, on the host.
struct ViewScores {
  std::vector<float> values;  ///< row by row
  std::size_t classes = 0;

  /// The first `count` scores of sample i.
  std::vector<double> row(std::size_t i, std::size_t count) const;
};
/// Of scores [B, classes].
ViewScores scores_on_host(const Tensor& scores);
/// Fills in probabilities and order of sample i, which has `count` classes.
void judge(const std::vector<ViewScores>& views, std::size_t i, std::size_t count, ScoredSample& scored);

/// Calls `visit` for every sample in order. Samples with options take part with as many classes as they have options.
void score_split(const EvalSplit& split, const EvalOptions& options, const ScoreBatch& score,
                 const std::function<void(const ScoredSample&)>& visit);

}  // namespace aio::apps
