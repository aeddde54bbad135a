#pragma once
// What can be asked about a run before it is started. None of these trains anything that is kept.

#include "apps/trainer/train_config.h"

namespace aio::apps {

struct ProbeOptions {
  bool json = false;      ///< one line of JSON on stdout instead of text
  double memory_gib = 0;  ///< find_batch(): the limit; 0: what is available now
  int lr_steps = 100;     ///< find_lr(): length of the ramp
};

/// --dry-run: one batch of everything (data, forward, backward, update, evaluation), and from it an estimate of the
/// run's time and memory. Writes nothing.
int dry_run(TrainConfig& config, const ProbeOptions& options);

/// --find-batch: steps with ever larger batches: memory and clips a second of each, and the largest batch within the
/// limit. Memory grows linearly with the batch, so that a size which would not fit is never tried. Writes nothing.
int find_batch(TrainConfig& config, const ProbeOptions& options);

/// --lr-find: trains with a learning rate that grows by a constant factor from 1e-7 to 10, until the loss explodes
/// (L. Smith, "Cyclical learning rates for training neural networks", 2017). Suggests the rate at which the smoothed
/// loss fell fastest; RUN.DIR/lr_find.json has the curve.
int find_lr(const TrainConfig& config, const ProbeOptions& options);

}  // namespace aio::apps
