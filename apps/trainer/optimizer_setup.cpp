#include "apps/trainer/optimizer_setup.h"

#include <algorithm>

#include "nn/optim/adamw.h"
#include "nn/optim/sgd.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

std::int64_t updates_in(double epochs, std::int64_t batches_per_epoch, int accumulate) {
  const double batches = epochs * static_cast<double>(batches_per_epoch);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(batches) / accumulate);
}

}  // namespace

std::unique_ptr<nn::Optimizer> make_optimizer(nn::FlatParams& params, const OptimSettings& settings) {
  const nn::ParamGroups groups = nn::ParamGroups::reference(settings.weight_decay, settings.lr_mult);
  if (settings.kind == "sgd") {
    nn::SgdOptions options;
    options.momentum = settings.momentum;
    return std::make_unique<nn::Sgd>(params, groups, options);
  }
  nn::AdamWOptions options;
  if (settings.kind == "adamw") options.variant = nn::AdamWOptions::Variant::torch;
  if (settings.kind == "adam") options.variant = nn::AdamWOptions::Variant::adam_l2;
  options.beta1 = settings.beta1;
  options.beta2 = settings.beta2;
  options.eps = settings.eps;
  return std::make_unique<nn::AdamW>(params, groups, options);
}

nn::LrSchedule make_schedule(const OptimSettings& settings, std::int64_t max_steps) {
  nn::LrSchedule schedule;
  schedule.decay = settings.schedule == "cosine" ? nn::LrSchedule::Decay::cosine : nn::LrSchedule::Decay::polynomial;
  schedule.base_lr = settings.lr;
  schedule.end_lr = settings.schedule == "constant" ? settings.lr : settings.end_lr;
  schedule.power = settings.power;
  schedule.max_steps = max_steps;
  schedule.warmup_steps = settings.warmup < 1 ? nn::warmup_from_fraction(settings.warmup, max_steps)
                                              : static_cast<std::int64_t>(settings.warmup);
  schedule.decay_start = static_cast<std::int64_t>(settings.hold * static_cast<double>(max_steps));
  schedule.validate();
  return schedule;
}

std::int64_t planned_steps(const TrainSettings& settings, std::int64_t batches_per_epoch) {
  if (settings.max_steps > 0) return settings.max_steps;
  check(settings.epochs > 0, ErrorCode::config, "train.max_steps and train.epochs are both 0: say how long to train");
  return updates_in(settings.epochs, batches_per_epoch, settings.accumulate);
}

std::int64_t evaluation_interval(const TrainConfig& config, std::int64_t batches_per_epoch) {
  if (config.eval.every > 0 || config.eval.epochs == 0) return config.eval.every;
  return updates_in(config.eval.epochs, batches_per_epoch, config.train.accumulate);
}

}  // namespace aio::apps
