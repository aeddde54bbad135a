#pragma once
// Progress: what a run remembers beside tensors, as JSON in its checkpoints.

#include <cstdint>
#include <string>

#include "apps/trainer/averages.h"
#include "apps/trainer/run_log.h"

namespace aio::apps {

struct Progress {
  std::int64_t step = 0;     ///< updates done
  std::int64_t skipped = 0;  ///< of these, not finite and left out
  std::int64_t skipped_in_a_row = 0;
  Averages averages;            ///< since the last line of the log
  std::int64_t best_step = -1;  ///< of the best evaluation; -1: none yet
  double best = 0;
  LogLengths lengths;

  /// All but `step`, which stands beside it in the checkpoint.
  std::string to_json() const;
  /// Throws Error{format}.
  static Progress from_json(std::int64_t step, const std::string& json);
};

}  // namespace aio::apps
