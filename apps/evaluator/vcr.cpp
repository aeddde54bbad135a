#include "apps/evaluator/vcr.h"

#include "apps/evaluator/class_scores.h"
#include "apps/trainer/model_batch.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/image_text.h"

namespace aio::apps {
namespace {

/// One of the two questions about a batch, in one view: a score an option.
ViewScores scores_of(const models::AllInOne& model, const nn::Linear& head, const models::VideoTokens& images,
                     const TokenBatch& texts, nn::ForwardCtx& ctx) {
  const Tensor features = models::option_features(model, text_batch(texts), images, ctx, models::still_images());
  return scores_on_host(squeeze(head.forward(features, ctx), -1));
}

std::int64_t label_of(const Tensor& labels, std::size_t i) {
  return labels.defined() ? labels.data<std::int64_t>()[i] : kIgnored;
}

}  // namespace

Evaluation evaluate_vcr(const models::AllInOne& model, const EvalSplit& images, const EvalOptions& options) {
  const nn::Linear& answer_head = models::require_head(model.heads.rank, "VCR", "rank_output");
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(options.compute);
  ViewReader reader(images, options.views, images.loader);
  Tally tally({"accuracy"});
  std::vector<std::string> predictions;
  for (std::vector<Batch> views = reader.next(); !views.empty(); views = reader.next()) {
    std::vector<ViewScores> answers, rationales;
    for (const Batch& batch : views) {
      const models::VideoTokens seen = models::embed_input(model, batch.frames, ctx, models::still_images());
      if (batch.options.ids.defined()) answers.push_back(scores_of(model, answer_head, seen, batch.options, ctx));
      if (!batch.rationales.ids.defined()) continue;
      const nn::Linear& head = models::require_head(model.heads.rank_2, "VCR", "rank_output_2");
      rationales.push_back(scores_of(model, head, seen, batch.rationales, ctx));
    }
    const Batch& first = views.front();
    for (std::size_t i = 0; i < first.ids.size(); ++i) {
      ScoredSample answer;
      answer.sample = reader.sample(first.rows[i]);
      answer.readable = readable(views, i);
      answer.label = label_of(first.labels, i);
      judge(answers, i, static_cast<std::size_t>(first.option_counts[i]), answer);
      ScoredSample rationale = answer;
      rationale.label = label_of(first.rationale_labels, i);
      judge(rationales, i, static_cast<std::size_t>(first.rationale_counts[i]), rationale);

      const Sample& sample = answer.sample;
      JsonLine line(sample, answer.readable);
      line.add("question", sample.question).add("options", sample.options);
      if (answer.readable && !answer.order.empty())
        line.add("prediction", answer.order.front()).add("scores", answer.probabilities);
      if (sample.answer_index) line.add("answer", *sample.answer_index);
      tally.count(answer.readable);
      const bool lost = sample.media.empty();  // a line that is no sample: what it asked is answered wrong
      if (sample.answer_index || lost) tally.add("accuracy", answer.right() ? 1 : 0, answer.readable);
      if (!sample.rationales.empty()) {
        line.add("rationales", sample.rationales);
        if (rationale.readable && !rationale.order.empty()) {
          line.add("rationale_prediction", rationale.order.front()).add("rationale_scores", rationale.probabilities);
        }
      }
      if (sample.rationale_index && sample.answer_index) {
        line.add("rationale", *sample.rationale_index);
        tally.add("rationale_accuracy", rationale.right() ? 1 : 0, answer.readable);
        tally.add("joint_accuracy", answer.right() && rationale.right() ? 1 : 0, answer.readable);
      }
      predictions.push_back(line.add_extra(sample).text());
    }
    if (options.progress) options.progress(static_cast<std::int64_t>(predictions.size()), images.size());
  }
  return tally.finish(std::move(predictions));
}

}  // namespace aio::apps
