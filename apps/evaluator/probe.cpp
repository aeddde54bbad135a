#include "apps/evaluator/probe.h"

#include <algorithm>
#include <cmath>

#include "apps/evaluator/action.h"
#include "apps/trainer/model_batch.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "data/dice.h"
#include "models/heads.h"
#include "models/objectives/qa.h"
#include "nn/optim/adamw.h"
#include "nn/optim/lr_schedule.h"

namespace aio::apps {
namespace {

constexpr double kTwoLayerDropout = 0.5;  // the reference's

/// Mean and 1 / standard deviation of each column, [C]; a constant column is left as wide as it is.
std::pair<Tensor, Tensor> column_statistics(const Tensor& x) {
  const std::int64_t n = x.dim(0), C = x.dim(1);
  const std::vector<float> values = x.to_vector<float>();
  std::vector<double> sum(static_cast<std::size_t>(C), 0), squares(static_cast<std::size_t>(C), 0);
  for (std::size_t i = 0; i < values.size(); ++i) sum[i % sum.size()] += values[i];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double apart = values[i] - sum[i % sum.size()] / static_cast<double>(n);
    squares[i % sum.size()] += apart * apart;
  }
  std::vector<float> shift, factor;
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const double deviation = std::sqrt(squares[c] / static_cast<double>(n));
    shift.push_back(static_cast<float>(-sum[c] / static_cast<double>(n)));
    factor.push_back(static_cast<float>(deviation > 1e-6 ? 1 / deviation : 1));
  }
  return {Tensor::from(shift, {C}, x.device()), Tensor::from(factor, {C}, x.device())};
}

}  // namespace

struct TrainedProbe::Layers {
  Layers(const models::AllInOne& model, std::int64_t classes, const ProbeOptions& options)
      : store(options.seed, {DType::f32, model.pooler.weight.device()}) {
    const std::int64_t C = model.config.hidden_size;
    if (options.kind == ProbeKind::linear) {
      linear.emplace(nn::ParamScope(store, "linear_probe"), C, classes, nn::LinearOptions::normal(0.02));
      return;
    }
    pooler.emplace(nn::ParamScope(store, "pooler") / "dense", C, C);
    two_layer.emplace(nn::ParamScope(store, "vqa_classifier"), model.config, 1, C, C / 2, classes, kTwoLayerDropout);
    store.load({{"pooler.dense.weight", model.pooler.weight}, {"pooler.dense.bias", model.pooler.bias}},
               /*strict=*/false);
  }
  nn::ParamStore store;
  std::optional<nn::Linear> linear, pooler;
  std::optional<models::Classifier> two_layer;
  Tensor shift, factor;  ///< linear: of its input
};

Tensor probe_input(const models::AllInOne& model, const Batch& batch, nn::ForwardCtx& ctx) {
  const models::EncodeOptions encode{.reads = models::Reads::cls};
  const models::TextTokens text = model.embed_text(text_batch(batch.text), ctx);
  return cast(model.encode(text, model.embed_video(batch.frames, ctx), ctx, encode).cls(), DType::f32);
}

ProbeFeatures probe_features_of(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(options.compute);
  ViewReader reader(split, 1, split.loader);
  ProbeFeatures features;
  std::vector<Tensor> rows;
  std::int64_t done = 0;
  for (std::vector<Batch> views = reader.next(); !views.empty(); views = reader.next()) {
    const Batch& batch = views.front();
    const std::vector<std::int64_t> labels = batch.labels.to_vector<std::int64_t>();
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (batch.readable[i] == 0 || labels[i] < 0) continue;
      kept.push_back(static_cast<std::int64_t>(i));
      features.labels.push_back(labels[i]);
    }
    if (!kept.empty()) {
      const Tensor places = Tensor::from(kept, {static_cast<std::int64_t>(kept.size())});
      rows.push_back(index_select(probe_input(model, batch, ctx), 0, places));
    }
    done += batch.size();
    if (options.progress) options.progress(done, split.size());
  }
  if (!rows.empty()) features.cls = concat(rows, 0);
  return features;
}

TrainedProbe::TrainedProbe(const models::AllInOne& model, const ProbeFeatures& features, std::int64_t classes,
                           const ProbeOptions& options)
    : model_(model), layers_(std::make_unique<Layers>(model, classes, options)) {
  const auto n = static_cast<std::int64_t>(features.labels.size());
  check(n > 0, ErrorCode::value, "probe: no sample of the training split is readable and labelled");
  const std::int64_t largest = *std::max_element(features.labels.begin(), features.labels.end());
  check(largest < classes, ErrorCode::value, "probe: label ", largest, " among ", classes, " classes");
  Tensor inputs = features.cls;
  if (options.kind == ProbeKind::linear) {
    const NoGrad no_grad;
    nn::ForwardCtx ctx = nn::ForwardCtx::eval();
    inputs = model.pool(features.cls, ctx);
    std::tie(layers_->shift, layers_->factor) = column_statistics(inputs);
    inputs = (inputs + layers_->shift) * layers_->factor;
  }
  nn::FlatParams params(layers_->store);
  nn::AdamW optimizer(params, nn::ParamGroups::reference(options.weight_decay, 1), {});
  nn::LrSchedule schedule;
  schedule.decay = nn::LrSchedule::Decay::cosine;
  schedule.base_lr = options.lr;
  schedule.max_steps = options.steps;
  schedule.warmup_steps = nn::warmup_from_fraction(0.05, options.steps);
  Dice dice({options.seed});
  Tensor loss;
  for (std::int64_t step = 0; step < options.steps; ++step) {
    std::vector<std::int64_t> rows, labels;
    for (std::int64_t i = 0; i < std::min(options.batch, n); ++i) {
      rows.push_back(dice.below(n));
      labels.push_back(features.labels[static_cast<std::size_t>(rows.back())]);
    }
    const Shape count{static_cast<std::int64_t>(rows.size())};
    nn::ForwardCtx ctx = nn::ForwardCtx::train(options.seed, static_cast<std::uint32_t>(step));
    const Tensor batch = index_select(inputs, 0, Tensor::from(rows, count));
    const Tensor scores = layers_->linear
                              ? layers_->linear->forward(batch, ctx)
                              : layers_->two_layer->forward(tanh(layers_->pooler->forward(batch, ctx)), ctx);
    loss = models::classification_loss(scores, Tensor::from(labels, count));
    params.zero_grad();
    backward(loss);
    optimizer.step(schedule.lr(step));
  }
  last_loss_ = loss.item();
}

TrainedProbe::~TrainedProbe() = default;

Tensor TrainedProbe::scores(const Tensor& cls, nn::ForwardCtx& ctx) const {
  if (layers_->two_layer) return layers_->two_layer->forward(tanh(layers_->pooler->forward(cls, ctx)), ctx);
  return layers_->linear->forward((model_.pool(cls, ctx) + layers_->shift) * layers_->factor, ctx);
}

Evaluation evaluate_probe(const models::AllInOne& model, const EvalSplit& train, const EvalSplit& split,
                          const EvalOptions& options, const ProbeOptions& probe) {
  train.expect_task("probe", {Task::classify});
  split.expect_task("probe", {Task::classify});
  const auto classes = static_cast<std::int64_t>(split.info().labels.size());
  const TrainedProbe trained(model, probe_features_of(model, train, options), classes, probe);
  return evaluate_actions_by(split, options, [&](const Batch& batch, nn::ForwardCtx& ctx) {
    nn::ForwardCtx exact = nn::ForwardCtx::eval();  // the probe is small: f32, as it was trained
    return trained.scores(probe_input(model, batch, ctx), exact);
  });
}

}  // namespace aio::apps
