#pragma once
// Optimizer and learning rate as a configuration asks for them.

#include <cstdint>
#include <memory>

#include "apps/trainer/train_config.h"
#include "nn/optim/flat_params.h"
#include "nn/optim/lr_schedule.h"
#include "nn/optim/optimizer.h"

namespace aio::apps {

/// `params` outlives it.
std::unique_ptr<nn::Optimizer> make_optimizer(nn::FlatParams& params, const OptimSettings& settings);
/// Throws Error{config} for values that no schedule has.
nn::LrSchedule make_schedule(const OptimSettings& settings, std::int64_t max_steps);
/// Updates of the run: train.max_steps or, where that is 0, what train.epochs come to. Throws Error{config} if both
/// are.
std::int64_t planned_steps(const TrainSettings& settings, std::int64_t batches_per_epoch);
/// Updates between evaluations: eval.every or, where that is 0, what eval.epochs come to. 0: one at the end.
std::int64_t evaluation_interval(const TrainConfig& config, std::int64_t batches_per_epoch);

}  // namespace aio::apps
