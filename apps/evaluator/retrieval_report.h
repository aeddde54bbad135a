#pragma once
// From score matrices to recalls and to what was found for each query.

#include <string>
#include <vector>

#include "apps/evaluator/evaluation.h"
#include "apps/evaluator/json_line.h"
#include "apps/evaluator/retrieval_items.h"
#include "apps/evaluator/score_matrix.h"

namespace aio::apps {

/// Collects the results of several ways of scoring one split. `items` outlive it.
class RetrievalReport {
 public:
  explicit RetrievalReport(const RetrievalItems& items);

  /// NAME_t2v_* by one matrix, NAME_v2t_* by the other; only re-ranking has two.
  void add(const std::string& name, const ScoreMatrix& text_to_video, const ScoreMatrix& video_to_text);
  void add(const std::string& name, const ScoreMatrix& scores) { add(name, scores, scores); }

  /// A prediction a text, then one a video: their "direction"; for each way the rank of the right answer and what was
  /// found best; "prediction" is the best of the way that was added last.
  Evaluation finish() const;

 private:
  bool text_was_read(std::size_t text) const;

  const RetrievalItems& items_;
  std::vector<std::size_t> videos_;  ///< those that a text describes: the queries from video to text
  std::vector<JsonLine> text_lines_, video_lines_;
  std::vector<std::string> text_best_, video_best_;  ///< found first by the way that was added last
  NamedMetrics all_, readable_;
};

}  // namespace aio::apps
