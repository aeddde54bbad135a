#pragma once
// The tasks of aio_eval and of the evaluations in aio_train, by name.

#include <string>
#include <string_view>
#include <vector>

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

struct EvalTask {
  const char* name;
  const char* what;  ///< one line for --help
  bool images;       ///< samples are still images, whatever else is said
  /// Throws Error{config} where the model lacks the head, Error{value} for data of another task.
  Evaluation (*evaluate)(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);
};

const std::vector<EvalTask>& eval_tasks();
/// Throws Error{config} that lists the tasks.
const EvalTask& eval_task(std::string_view name);

}  // namespace aio::apps
