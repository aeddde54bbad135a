#include "apps/trainer/train_task.h"

#include "apps/trainer/model_batch.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/caption.h"
#include "models/objectives/contrastive.h"
#include "models/objectives/count.h"
#include "models/objectives/image_text.h"
#include "models/objectives/multiple_choice.h"
#include "models/objectives/pretrain.h"
#include "models/objectives/qa.h"
#include "models/objectives/retrieval.h"
#include "tensor/recording.h"

namespace aio::apps {
namespace {

using models::AllInOne;
using models::Scored;

/// Adds how many of the rows' largest scores are the labels', rows with label -100 left out.
void add_accuracy(Averages& averages, const std::string& name, const Tensor& scores, const Tensor& labels) {
  averages.add_matches(name, argmax(scores), labels);
}

/// How texts are embedded. Steps that are to be replayed must not be as long as their longest text.
models::TextOptions text_options(const TrainConfig& config) {
  models::TextOptions options;
  options.keep_padding = config.run.cuda_graph != "off";
  return options;
}

class PretrainTask : public TrainTask {
 public:
  PretrainTask(const TrainConfig& config, const AllInOne& model) : options_(config.loss), model_(model) {
    options_.differentiate = true;
    options_.text = text_options(config);
  }

  Tensor loss(const Batch& batch, bool images, nn::ForwardCtx& ctx, Averages& averages) const override {
    const models::PretrainOutput out = models::pretrain(model_, pretrain_batch(batch, images), options_, ctx);
    const std::string prefix = images ? "image_" : "";
    for (const models::NamedLoss& loss : out.losses) averages.add(prefix + std::string(loss.name), loss.value);
    if (out.mlm) add_accuracy(averages, prefix + "mlm_accuracy", out.mlm->logits, out.mlm->labels);
    if (out.vtm) add_accuracy(averages, prefix + "vtm_accuracy", out.vtm->logits, out.vtm_labels);
    if (out.vtc) {
      const std::int64_t B = out.vtc->similarity.dim(0);
      std::vector<std::int64_t> own(static_cast<std::size_t>(B));
      for (std::size_t i = 0; i < own.size(); ++i) own[i] = static_cast<std::int64_t>(i);
      add_accuracy(averages, prefix + "vtc_accuracy", out.vtc->similarity, Tensor::from(own, {B}));
    }
    return out.total;
  }

 private:
  models::PretrainOptions options_;
  const AllInOne& model_;
};

/// The contrastive loss alone: fine-tuning for retrieval by BVTC.
class ContrastiveTask : public TrainTask {
 public:
  ContrastiveTask(const TrainConfig& config, const AllInOne& model) : model_(model) {
    options_.text = text_options(config);
    options_.mlm = options_.vtm = options_.wpa = 0;
    options_.vtc = 1;
  }
  Tensor loss(const Batch& batch, bool images, nn::ForwardCtx& ctx, Averages& averages) const override {
    const models::PretrainOutput out = models::pretrain(model_, pretrain_batch(batch, images), options_, ctx);
    averages.add("vtc", out.total);
    return out.total;
  }

 private:
  models::PretrainOptions options_;
  const AllInOne& model_;
};

/// Retrieval by match score, with the contrastive loss beside it if that has a weight.
class RetrievalTask : public TrainTask {
 public:
  RetrievalTask(const TrainConfig& config, const AllInOne& model)
      : model_(model),
        vtc_(config.train.retrieval_vtc),
        input_{.images = config.data.images, .text = text_options(config)} {}
  Tensor loss(const Batch& batch, bool, nn::ForwardCtx& ctx, Averages& averages) const override {
    const models::ChoiceBatch rivals = rivals_batch(batch);
    const Scored scored = models::retrieval(model_, rivals, ctx, models::MatchHead::rank, input_);
    averages.add("loss", scored.loss);
    // Judged with the true text last, where among equals it loses: else a model that scores all alike would be right.
    const Tensor scores = detach(scored.scores);
    const std::int64_t B = scores.dim(0), last = scores.dim(1) - 1;
    const Tensor true_last = concat({slice(scores, 1, 1, last + 1), slice(scores, 1, 0, 1)}, 1);
    const Tensor truth = host_tensor([B, last] { return Tensor::full({B}, static_cast<double>(last), {DType::i64}); });
    add_accuracy(averages, "accuracy", true_last, truth);
    if (vtc_ == 0) return scored.loss;
    models::PretrainOptions contrast;
    contrast.text = input_.text;
    contrast.mlm = contrast.vtm = contrast.wpa = 0;
    contrast.vtc = vtc_;
    const models::PretrainOutput out = models::pretrain(model_, pretrain_batch(batch, input_.images), contrast, ctx);
    averages.add("vtc", out.losses[0].value);
    return scored.loss + out.total;
  }

 private:
  const AllInOne& model_;
  double vtc_;
  models::InputOptions input_;
};

/// Soft answers: a prediction earns the score of the answer it names.
class VqaV2Task : public TrainTask {
 public:
  explicit VqaV2Task(const AllInOne& model) : model_(model) {}
  Tensor loss(const Batch& batch, bool, nn::ForwardCtx& ctx, Averages& averages) const override {
    const models::VqaV2Batch questions = vqav2_batch(batch);
    const Scored scored = models::vqav2(model_, questions, ctx);
    averages.add("loss", scored.loss);
    const std::vector<std::int64_t> best = argmax(scored.scores).to_vector<std::int64_t>();
    const std::vector<float> targets = questions.targets.to_vector<float>();
    const std::size_t labels = targets.size() / best.size();
    double earned = 0;
    for (std::size_t i = 0; i < best.size(); ++i) {
      earned += static_cast<double>(targets[i * labels + static_cast<std::size_t>(best[i])]);
    }
    averages.add("accuracy", earned, static_cast<double>(best.size()));
    return scored.loss;
  }

 private:
  const AllInOne& model_;
};

/// Counts: `accuracy` and `mse` are of the rounded score, the loss is of the score as it is.
class CountTask : public TrainTask {
 public:
  explicit CountTask(const AllInOne& model) : model_(model) {}
  Tensor loss(const Batch& batch, bool, nn::ForwardCtx& ctx, Averages& averages) const override {
    const models::QaBatch questions = count_batch(batch);
    const Scored scored = models::count_regression(model_, questions, ctx);
    const std::vector<float> scores = cast(scored.scores, DType::f32).to({}).to_vector<float>();
    const std::vector<std::int64_t> counts = questions.labels.to_vector<std::int64_t>();
    double known = 0, exact = 0, squares = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] < 0) continue;
      const std::int64_t apart = models::nearest_count(static_cast<double>(scores[i])) - counts[i];
      known += 1;
      exact += apart == 0 ? 1 : 0;
      squares += static_cast<double>(apart * apart);
    }
    averages.add("loss", scored.loss);
    averages.add("accuracy", exact, known);
    averages.add("mse", squares, known);
    return scored.loss;
  }

 private:
  const AllInOne& model_;
};

/// Both questions of VCR.
class VcrTask : public TrainTask {
 public:
  explicit VcrTask(const AllInOne& model) : model_(model) {}
  Tensor loss(const Batch& batch, bool, nn::ForwardCtx& ctx, Averages& averages) const override {
    const models::VcrBatch questions = vcr_batch(batch);
    const models::VcrScored scored = models::vcr(model_, questions, ctx);
    averages.add("loss", scored.loss);
    add_accuracy(averages, "accuracy", scored.answer_scores, questions.answer);
    add_accuracy(averages, "rationale_accuracy", scored.rationale_scores, questions.rationale);
    return scored.loss;
  }

 private:
  const AllInOne& model_;
};

/// A loss and scores of one row a sample.
template <class Objective>
class ScoredTask : public TrainTask {
 public:
  ScoredTask(const AllInOne& model, Objective objective) : model_(model), objective_(std::move(objective)) {}
  Tensor loss(const Batch& batch, bool, nn::ForwardCtx& ctx, Averages& averages) const override {
    Tensor labels;
    const Scored scored = objective_(model_, batch, ctx, labels);
    averages.add("loss", scored.loss);
    add_accuracy(averages, "accuracy", scored.scores, labels);
    return scored.loss;
  }

 private:
  const AllInOne& model_;
  Objective objective_;
};
template <class Objective>
std::unique_ptr<TrainTask> scored_task(const AllInOne& model, Objective objective) {
  return std::make_unique<ScoredTask<Objective>>(model, std::move(objective));
}

}  // namespace

std::unique_ptr<TrainTask> make_task(const TrainConfig& config, const AllInOne& model) {
  const std::string& task = config.train.task;
  const models::InputOptions input{.text = text_options(config)};
  if (task == "pretrain") return std::make_unique<PretrainTask>(config, model);
  if (task == "contrastive") return std::make_unique<ContrastiveTask>(config, model);
  if (task == "qa" || task == "action") {
    return scored_task(model, [input](const AllInOne& m, const Batch& batch, nn::ForwardCtx& ctx, Tensor& labels) {
      const models::QaBatch qa = qa_batch(batch);
      labels = qa.labels;
      return models::open_ended_qa(m, qa, ctx, input);
    });
  }
  if (task == "mc-qa" || task == "choice") {
    const bool by_match = task == "choice";
    return scored_task(model, [=](const AllInOne& m, const Batch& batch, nn::ForwardCtx& ctx, Tensor& labels) {
      const models::ChoiceBatch choice = choice_batch(batch);
      labels = choice.answer;
      return by_match ? models::multiple_choice(m, choice, ctx, models::MatchHead::rank, input)
                      : models::multiple_choice_qa(m, choice, ctx, input);
    });
  }
  if (task == "count") return std::make_unique<CountTask>(model);
  if (task == "retrieval") return std::make_unique<RetrievalTask>(config, model);
  if (task == "vcr") return std::make_unique<VcrTask>(model);
  if (task == "vqav2") return std::make_unique<VqaV2Task>(model);
  if (task == "nlvr2") {
    return scored_task(model, [](const AllInOne& m, const Batch& batch, nn::ForwardCtx& ctx, Tensor& labels) {
      const models::Nlvr2Batch pairs = nlvr2_batch(batch);
      labels = pairs.labels;
      return models::nlvr2(m, pairs, ctx);
    });
  }
  if (task == "caption") {
    return scored_task(model, [](const AllInOne& m, const Batch& batch, nn::ForwardCtx& ctx, Tensor& labels) {
      const models::CaptionBatch caption = caption_batch(batch);
      const Scored scored = models::captioning(m, caption, ctx);
      labels = masked_labels(caption.labels);
      return scored;
    });
  }
  fail(ErrorCode::config, "train.task \"", task, "\" is unknown");
}

}  // namespace aio::apps
