#pragma once
// TrainTask: what a run learns. One object turns a loader's batch into a loss and into the numbers that are shown.

#include <memory>
#include <string>

#include "apps/trainer/averages.h"
#include "apps/trainer/train_config.h"
#include "data/batch.h"
#include "models/all_in_one.h"

namespace aio::apps {

class TrainTask {
 public:
  virtual ~TrainTask() = default;
  /// The loss to differentiate; adds losses and accuracies of the batch to `averages`. `images` says that the batch
  /// holds still images (co-training). Evaluation calls it too, without recording.
  virtual Tensor loss(const Batch& batch, bool images, nn::ForwardCtx& ctx, Averages& averages) const = 0;
};

/// The task that config.train.task names. `model` outlives it.
std::unique_ptr<TrainTask> make_task(const TrainConfig& config, const models::AllInOne& model);

}  // namespace aio::apps
