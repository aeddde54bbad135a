#include "apps/trainer/learner.h"

#include <cmath>
#include <limits>

#include "apps/common/app.h"
#include "apps/trainer/model_batch.h"
#include "apps/trainer/optimizer_setup.h"
#include "autograd/autograd.h"
#include "models/checkpoint/checkpoint.h"
#include "tensor/error.h"

namespace aio::apps {

Learner::Learner(const TrainConfig& config, Device device, std::int64_t vocab_size, std::int64_t labels, Start start)
    : config_(config),
      store_(static_cast<std::uint64_t>(config.run.seed), {DType::f32, device}, nn::ParamStore::Values::deferred),
      model_(store_, config.model_config(vocab_size, labels)),
      task_(make_task(config, model_)) {
  initialise(start);
  for (const std::string& pattern : config.train.freeze) {
    check(store_.set_trainable(pattern, false) > 0, ErrorCode::config, "train.freeze: no parameter's name contains \"",
          pattern, "\"");
  }
  params_ = std::make_unique<nn::FlatParams>(store_);
  optimizer_ = make_optimizer(*params_, config.optim);
  // One pass a step, whose pixels nobody reads on the host.
  if (config.run.cuda_graph == "auto" && device.is_cuda() && config.train.accumulate == 1 &&
      config.data.train_images.empty() && !config.data.images) {
    replayed_ = std::make_unique<ReplayedPass>(device);
  }
  if (config.train.ema > 0) ema_ = std::make_unique<nn::Ema>(*params_, config.train.ema);
}

void Learner::initialise(Start start) {
  if (config_.model.init.empty()) {
    if (start == Start::fresh) store_.draw_missing();
    return;
  }
  weights::AdaptOptions adapt;
  adapt.resize_temporal = config_.model.resize_temporal;
  adapt.resize_positions = config_.model.resize_positions;
  adapt.resize_text = config_.model.resize_text;
  adapt.allow_missing = config_.model.allow_missing;
  adapt.allow_unused = config_.model.allow_unused;
  adapt.fresh = config_.model.fresh;
  try {
    loaded_ = weights::load_checkpoint(store_, weights::open_checkpoint(config_.model.init), adapt);
  } catch (const Error& error) {
    throw Exit(kWeights, error.what());
  }
}

nn::ForwardCtx Learner::context(std::int64_t step) const {
  return nn::ForwardCtx::train(static_cast<std::uint64_t>(config_.run.seed), static_cast<std::uint32_t>(step), dtype());
}

Tensor Learner::replayed_pass(const Batch& batch, std::int64_t step, Averages& averages) {
  check_option_counts(batch);  // where the pass is replayed, it does not
  Batch own = batch;
  std::vector<Tensor> given;
  for (const Tensor* x : tensors_of(own)) given.push_back(*x);
  Passed passed;
  const ReplayedPass::Ran ran =
      replayed_->run(static_cast<std::uint32_t>(step), given, [&](const std::vector<Tensor>& placed) {
        const std::vector<Tensor*> tensors = tensors_of(own);
        for (std::size_t i = 0; i < tensors.size(); ++i) *tensors[i] = placed[i];
        nn::ForwardCtx ctx = context(step);
        params_->zero_grad(/*one_pass=*/true);
        passed = {};
        const Tensor loss = task_->loss(own, false, ctx, passed.averages);
        if (requires_grad(loss)) backward(loss);
        passed.loss = detach(loss);
        passed.touched = params_->touched();
      });
  if (ran == ReplayedPass::Ran::recorded) recorded_ = passed;
  if (ran == ReplayedPass::Ran::replayed) {
    passed = recorded_;
    params_->set_touched(passed.touched);
  }
  // Averages are read when a line is logged: later than the next replay.
  averages.add(ran == ReplayedPass::Ran::plain ? passed.averages : passed.averages.copied(ReplayedPass::copy));
  return passed.loss;
}

std::vector<Tensor> Learner::forward_backward(BatchSource& batches, std::int64_t step, StepResult& result) {
  nn::ForwardCtx ctx = context(step);
  params_->zero_grad(/*one_pass=*/config_.train.accumulate == 1 && !batches.has_images());
  std::vector<Tensor> losses;
  for (int i = 0; i < config_.train.accumulate; ++i) {
    for (const bool images : {false, true}) {
      if (images && !batches.has_images()) continue;
      const Batch batch = batches.next(images);
      result.ids.insert(result.ids.end(), batch.ids.begin(), batch.ids.end());
      const Tensor loss = task_->loss(batch, images, ctx, result.averages);
      if (requires_grad(loss)) backward(loss);  // pre-training differentiates pass by pass
      losses.push_back(detach(loss));
    }
  }
  return losses;
}

StepResult Learner::step(BatchSource& batches, std::int64_t step, double lr) {
  StepResult result;
  std::vector<Tensor> losses;
  if (replayed_ == nullptr) {
    losses = forward_backward(batches, step, result);
  } else {
    const Batch batch = batches.next(false);
    result.ids = batch.ids;
    losses.push_back(replayed_pass(batch, step, result.averages));
  }
  const double max_norm =
      config_.train.clip_norm > 0 ? config_.train.clip_norm : std::numeric_limits<double>::infinity();
  // Where a GPU computes, this is the one place of a step that waits for it; the losses are there by then. Before that,
  // while it is busy, the next step's frames go over, unless their pixels are read on the host (padding, MPP's
  // targets).
  if (device().is_cuda() && !config_.data.images && config_.loss.mpp == 0) batches.prepare(device());
  result.norm = nn::grad_norm(*params_, max_norm, config_.train.accumulate);
  result.finite = result.norm.non_finite == 0;
  for (const Tensor& loss : losses) {
    const double value = loss.item();
    result.loss += value / config_.train.accumulate;
    result.finite = result.finite && std::isfinite(value);
  }
  if (!result.finite) return result;
  optimizer_->step(lr, result.norm.grad_scale);
  if (ema_) ema_->update();
  return result;
}

std::string Learner::first_bad_op(BatchSource& batches, std::int64_t step) {
  try {
    const AnomalyMode anomaly;
    StepResult unused;
    forward_backward(batches, step, unused);
  } catch (const Error& error) {
    return error.what();
  }
  return "not found when the step was repeated";
}

std::vector<std::string> Learner::without_gradient() const {
  std::vector<std::string> names;
  for (const nn::Parameter& parameter : store_.parameters()) {
    if (parameter.trainable && !grad_touched(parameter.value)) names.push_back(parameter.name);
  }
  return names;
}

Learner::FinalWeights::FinalWeights(Learner& learner) {
  if (learner.ema_) averaged_.emplace(*learner.ema_);
}

void Learner::save_to(RunState& state) const {
  state.weights = store_.state();
  state.training = optimizer_->state();
  if (ema_) state.training.merge(ema_->state());
}

void Learner::load_from(const RunState& state) {
  TensorMap averages, moments;
  for (const auto& entry : state.training) (entry.first.rfind("ema.", 0) == 0 ? averages : moments).insert(entry);
  store_.load(state.weights);
  optimizer_->load_state(moments);
  if (ema_) ema_->load_state(averages);
}

}  // namespace aio::apps
