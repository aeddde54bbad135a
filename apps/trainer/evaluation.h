#pragma once
// Evaluation during training: the task's losses over the evaluation split, and the metrics by which it is judged, as
// aio_eval computes them.

#include <optional>
#include <string>

#include "apps/trainer/averages.h"
#include "apps/trainer/learner.h"
#include "apps/trainer/run_data.h"

namespace aio::apps {

/// With the learner's final weights, without dropout; nothing where there is no evaluation split. With eval.batches
/// above 0 losses and accuracies of so many batches only. Where a metric has a loss's name it takes its place. `out`:
/// unless empty, each of the task's evaluations leaves results.json and predictions.jsonl in the folder out/EVALUATION.
std::optional<Averages> evaluate(const TrainConfig& config, Learner& learner, const RunData& data,
                                 const std::string& out);

/// The metric that says how good a run of this task is: "acc_all" for questions, "bvtc_t2v_r1" for contrast...
std::string primary_metric(const TrainConfig& config);

}  // namespace aio::apps
