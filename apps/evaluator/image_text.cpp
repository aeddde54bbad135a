#include "apps/evaluator/image_text.h"

#include <algorithm>

#include "apps/evaluator/class_scores.h"
#include "apps/evaluator/retrieval.h"
#include "apps/evaluator/vcr.h"
#include "apps/trainer/model_batch.h"
#include "autograd/ops.h"
#include "models/objectives/image_text.h"

namespace aio::apps {
namespace {

constexpr std::size_t kShown = 5;

double score_of(const Sample& sample, const std::string& answer) {
  for (const ScoredAnswer& accepted : sample.answers) {
    if (accepted.text == answer) return accepted.score;
  }
  return 0;
}

Evaluation evaluate_vqav2(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  const models::Classifier& head = models::require_head(model.heads.vqav2, "VQAv2", "vqa_classifier (of VQAv2)");
  const std::vector<std::string>& answers = split.info().answers;
  check(!answers.empty() && static_cast<std::int64_t>(answers.size()) <= head.out.weight.dim(0), ErrorCode::value,
        "image-text: the data set ", split.info().name, " has ", answers.size(), " answers, the model's head ",
        head.out.weight.dim(0));
  Tally tally({"accuracy"});
  std::vector<std::string> predictions;
  const ScoreBatch score = [&](const Batch& batch, nn::ForwardCtx& ctx) {
    return models::vqav2(model, {batch.frames, text_batch(batch.text), {}}, ctx).scores;
  };
  score_split(split, options, score, [&](const ScoredSample& scored) {
    const Sample& sample = scored.sample;
    JsonLine line(sample, scored.readable);
    line.add("question", sample.question);
    const std::vector<ScoredText> best = scored.best(kShown, answers);
    if (scored.readable) line.add("prediction", best.front().first).add("top", best);
    std::vector<ScoredText> accepted;
    for (const ScoredAnswer& answer : sample.answers) accepted.emplace_back(answer.text, answer.score);
    if (!accepted.empty()) line.add("answers", accepted);
    tally.count(scored.readable);
    if (!accepted.empty() || sample.media.empty()) {
      tally.add("accuracy", scored.readable ? score_of(sample, best.front().first) : 0, scored.readable);
    }
    predictions.push_back(line.add_extra(sample).text());
  });
  return tally.finish(std::move(predictions));
}

Evaluation evaluate_nlvr2(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  models::require_head(model.heads.nlvr2, "NLVR2", "nlvr2_classifier");
  Tally tally({"accuracy"});
  std::vector<std::string> predictions;
  const ScoreBatch score = [&](const Batch& batch, nn::ForwardCtx& ctx) {
    // Where no pair of a batch could be read, the second images are as unread as the first.
    const Tensor& second = batch.frames2.defined() ? batch.frames2 : batch.frames;
    return models::nlvr2(model, {batch.frames, second, text_batch(batch.text), {}}, ctx).scores;
  };
  score_split(split, options, score, [&](const ScoredSample& scored) {
    JsonLine line(scored.sample, scored.readable);
    line.add("media2", scored.sample.media2).add("question", scored.sample.question);
    if (scored.readable) line.add("prediction", scored.order.front()).add("scores", scored.probabilities);
    if (scored.label >= 0) line.add("answer", scored.label);
    tally.count(scored.readable);
    if (scored.label >= 0 || scored.sample.media.empty()) {
      tally.add("accuracy", scored.right() ? 1 : 0, scored.readable);
    }
    predictions.push_back(line.add_extra(scored.sample).text());
  });
  return tally.finish(std::move(predictions));
}

}  // namespace

Evaluation evaluate_image_text(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("image-text", {Task::qa, Task::classify, Task::mc_qa, Task::retrieval});
  EvalSplit images = split;
  images.loader.images = true;
  switch (split.info().task) {
    case Task::qa: return evaluate_vqav2(model, images, options);
    case Task::classify: return evaluate_nlvr2(model, images, options);
    case Task::mc_qa: return evaluate_vcr(model, images, options);
    default: return evaluate_retrieval(model, images, options);
  }
}

}  // namespace aio::apps
