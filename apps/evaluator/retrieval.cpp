#include "apps/evaluator/retrieval.h"

#include <algorithm>
#include <cmath>

#include "apps/evaluator/choice.h"
#include "apps/evaluator/retrieval_items.h"
#include "apps/evaluator/retrieval_report.h"
#include "apps/evaluator/retrieval_scores.h"
#include "autograd/autograd.h"

namespace aio::apps {
namespace {

double temperature(const models::AllInOne& model) {
  const Tensor& learned = model.heads.log_temperature;
  return learned.defined() ? std::exp(learned.item()) : model.config.temperature;
}

/// What of the request the model can do. Throws Error{config} naming the head if that is nothing.
EvalOptions possible(const models::AllInOne& model, EvalOptions options) {
  const bool contrast = model.heads.text_proj && model.heads.video_proj;
  const bool match = model.heads.rank || model.heads.vtm;
  check(options.bvtc || options.vtm || !options.rerank.empty(), ErrorCode::config,
        "retrieval: asked for neither bvtc, vtm nor re-ranking");
  if (!options.rerank.empty() || !(options.vtm && match))
    models::require_head(model.heads.text_proj, "retrieval", "txt_proj");
  if (!options.rerank.empty()) match_head(model, options);
  options.bvtc = (options.bvtc && contrast) || !options.rerank.empty();
  options.vtm = options.vtm && match;
  return options;
}

}  // namespace

Evaluation evaluate_retrieval(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& asked) {
  split.expect_task("retrieval", {Task::retrieval, Task::caption, Task::pretrain});
  const NoGrad no_grad;
  const EvalOptions options = possible(model, asked);
  RetrievalItems items = read_items(split, options.paragraph);
  const RetrievalScorer scorer(model, split, options, items);
  RetrievalScores scores = scorer.all();
  std::map<std::string, Tensor> similarities;
  ScoreMatrix match = std::move(scores.match);
  ScoreMatrix seen = scores.cosine;
  if (!options.rerank.empty()) {
    hide_videos(seen, items.readable);
    if (match.empty()) {  // the longest list has all that is on the shorter ones
      const std::int64_t most = *std::max_element(options.rerank.begin(), options.rerank.end());
      Shortlist either = shortlist_of_texts(seen, most);
      const Shortlist of_videos = shortlist_of_videos(seen, most);
      for (std::size_t i = 0; i < either.size(); ++i) either[i] |= of_videos[i];
      match = scorer.match(either);
    }
  }
  RetrievalReport report(items);
  const auto add = [&](const std::string& name, ScoreMatrix one) {
    hide_videos(one, items.readable);
    report.add(name, one);
    similarities[name] = one.tensor();
    if (!options.dual_softmax) return;
    ScoreMatrix dual = dual_softmax(one, name == "bvtc" ? temperature(model) : 1);
    hide_videos(dual, items.readable);
    report.add(name + "_dual", dual);
  };
  if (options.bvtc) add("bvtc", scores.cosine);
  if (options.vtm) add("vtm", match);
  for (const std::int64_t count : options.rerank) {
    ScoreMatrix texts = reranked(scores.cosine, match, shortlist_of_texts(seen, count));
    ScoreMatrix videos = reranked(scores.cosine, match, shortlist_of_videos(seen, count));
    hide_videos(texts, items.readable);
    hide_videos(videos, items.readable);
    report.add(options.rerank.size() == 1 ? "rerank" : message("rerank", count), texts, videos);
  }
  Evaluation evaluation = report.finish();
  evaluation.similarities = std::move(similarities);
  return evaluation;
}

}  // namespace aio::apps
