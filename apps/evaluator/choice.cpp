#include "apps/evaluator/choice.h"

#include "apps/evaluator/blind.h"
#include "apps/evaluator/class_scores.h"
#include "apps/trainer/model_batch.h"
#include "autograd/ops.h"

namespace aio::apps {

using models::MatchHead;

MatchHead match_head(const models::AllInOne& model, const EvalOptions& options) {
  if (model.heads.rank && !options.zero_shot) return MatchHead::rank;
  models::require_head(model.heads.vtm, "matching", "itm_score");
  return MatchHead::vtm;
}

Evaluation evaluate_options(const EvalSplit& split, const EvalOptions& options, const ScoreOptions& score) {
  Tally tally({"accuracy"});
  std::vector<std::string> predictions;
  const ScoreBatch score_batch = [&](const Batch& batch, nn::ForwardCtx& ctx) {
    // Where no line of a batch could be parsed, there is nothing to choose from. Samples with fewer options than others
    // have empty texts in their place, whose scores nobody looks at.
    if (!batch.options.ids.defined()) return Tensor::zeros({batch.size(), 1});
    return score({batch.frames, text_batch(batch.options), {}}, ctx);
  };
  score_split(split, options, score_batch, [&](const ScoredSample& scored) {
    const Sample& sample = scored.sample;
    JsonLine line(sample, scored.readable);
    if (!sample.question.empty()) line.add("question", sample.question);
    line.add("options", sample.options);
    const bool chosen = scored.readable && !scored.order.empty();  // of nothing there is no choice
    if (chosen) line.add("prediction", scored.order.front()).add("scores", scored.probabilities);
    if (sample.answer_index) line.add("answer", *sample.answer_index);
    tally.count(scored.readable);
    if (sample.answer_index || sample.media.empty()) tally.add("accuracy", scored.right() ? 1 : 0, scored.readable);
    predictions.push_back(line.add_extra(sample).text());
  });
  return tally.finish(std::move(predictions));
}

Evaluation evaluate_choice(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("choice", {Task::choice});
  const MatchHead head = match_head(model, options);
  return evaluate_options(split, options, [&](const models::ChoiceBatch& batch, nn::ForwardCtx& ctx) {
    if (options.blind) return models::match_logits(model, blind_features(model, batch.options, ctx), head, ctx);
    return models::multiple_choice(model, batch, ctx, head).scores;
  });
}

Evaluation evaluate_mc_qa(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("mc-qa", {Task::mc_qa});
  const models::Classifier& head =
      models::require_head(model.heads.choice_qa, "multiple-choice QA", "mc_vqa_classifier");
  return evaluate_options(split, options, [&](const models::ChoiceBatch& batch, nn::ForwardCtx& ctx) {
    if (options.blind) return squeeze(head.forward(blind_features(model, batch.options, ctx), ctx), -1);
    return models::multiple_choice_qa(model, batch, ctx).scores;
  });
}

}  // namespace aio::apps
