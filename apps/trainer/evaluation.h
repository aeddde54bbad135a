#pragma once
// Evaluation during training: the task's loss and accuracies over the evaluation split.

#include <optional>

#include "apps/trainer/averages.h"
#include "apps/trainer/learner.h"
#include "apps/trainer/run_data.h"

namespace aio::apps {

/// With the learner's final weights, without dropout; nothing where there is no evaluation split. `max_batches` 0: all.
std::optional<Averages> evaluate(Learner& learner, const RunData& data, std::int64_t max_batches);

}  // namespace aio::apps
