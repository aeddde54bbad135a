#include "apps/evaluator/action.h"

#include "apps/evaluator/blind.h"
#include "apps/trainer/model_batch.h"
#include "models/objectives/classify.h"
#include "models/objectives/qa.h"

namespace aio::apps {
namespace {

constexpr std::size_t kShown = 10;

std::string true_label(const ScoredSample& scored, const std::vector<std::string>& labels) {
  const auto place = static_cast<std::size_t>(scored.label);
  return place < labels.size() ? labels[place] : std::to_string(scored.label);
}

}  // namespace

Evaluation evaluate_actions_by(const EvalSplit& split, const EvalOptions& options, const ScoreBatch& score) {
  Tally tally({"top1", "top5", "top10"});
  std::vector<std::string> predictions;
  const std::vector<std::string>& labels = split.info().labels;
  score_split(split, options, score, [&](const ScoredSample& scored) {
    JsonLine line(scored.sample, scored.readable);
    if (scored.readable) {
      const std::vector<ScoredText> best = scored.best(kShown, labels);
      line.add("prediction", best.front().first).add("score", best.front().second).add("top", best);
    }
    if (scored.label >= 0) line.add("answer", true_label(scored, labels));
    tally.count(scored.readable);
    if (scored.label >= 0 || scored.sample.media.empty()) {
      for (const std::size_t count : {1U, 5U, 10U}) {
        tally.add("top" + std::to_string(count), scored.right(count) ? 1 : 0, scored.readable);
      }
    }
    predictions.push_back(line.add_extra(scored.sample).text());
  });
  return tally.finish(std::move(predictions));
}

Evaluation evaluate_action(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("action", {Task::classify});
  const bool linear = !model.heads.qa && model.heads.probe;
  if (!linear) models::require_head(model.heads.qa, "action recognition", "vqa_classifier");
  const Tensor& weight = linear ? model.heads.probe->weight : model.heads.qa->out.weight;
  const auto labels = static_cast<std::int64_t>(split.info().labels.size());
  check(labels <= weight.dim(0), ErrorCode::value, "action: the data set ", split.info().name, " has ", labels,
        " labels, the model's head ", weight.dim(0), ": was it trained on this list?");
  return evaluate_actions_by(split, options, [&](const Batch& batch, nn::ForwardCtx& ctx) {
    const models::QaBatch input{batch.frames, text_batch(batch.text), {}};
    if (options.blind) {
      const Tensor features = blind_features(model, input.text, ctx);
      return linear ? model.heads.probe->forward(features, ctx) : model.heads.qa->forward(features, ctx);
    }
    return linear ? models::linear_probe(model, input, ctx).scores : models::open_ended_qa(model, input, ctx).scores;
  });
}

}  // namespace aio::apps
