#pragma once
// The training run: data, model, optimizer, log, checkpoints, in one loop.
//
//   for each step:  draw batches -> forward, backward (accumulate times) -> gradient norm -> update -> log
//
// What a run computes depends on configuration, data and build only: every random number is keyed by (seed, step), the
// data by (seed, epoch, place). So a run that was killed anywhere and resumed ends with the same bytes as an unbroken
// one: weights, optimizer state and metrics.jsonl.

#include <string>

#include "apps/trainer/train_config.h"

namespace aio::apps {

struct TrainerOptions {
  bool resume = false;  ///< go on from run.dir's newest checkpoint, if there is one
  /// Go on from this run's newest checkpoint, or this checkpoint. Of another run than run.dir's, which must be new
  /// then, the metrics come along; of run.dir's own, checkpoints of later steps are removed.
  std::string resume_from;
  bool quiet = false;
  bool verbose = false;        ///< a table of what was loaded from model.init
  bool overfit_batch = false;  ///< train on the first batch over and over: a model that learns must drive its loss to 0
};

/// Returns the exit code: 0, 3 (too many unreadable samples), 5 (non-finite steps), 130 or 143 (stopped by a signal).
/// Throws aio::Error and Exit for what is wrong before the first step.
int train(TrainConfig& config, const TrainerOptions& options);

}  // namespace aio::apps
