#pragma once
// Ablation: the same training in several variants (variants.h), several seeds of each, and a table of what came out.
//
//   aio_train --config configs/demo_direction.toml --ablate model.roll=roll,none,flatten --seeds 3
//
// Every run has its own folder, RUN.DIR/VARIANT-seedN/. Those that are finished are not repeated, one that was stopped
// goes on where it was. RUN.DIR/ablation.json holds the table.

#include <cstdint>
#include <string>
#include <vector>

#include "apps/trainer/trainer.h"

namespace aio::apps {

struct AblationOptions {
  std::vector<std::string> files, assignments;  ///< of the configuration that is varied
  std::string variants;                         ///< as parse_variants() takes them
  std::int64_t seeds = 1;                       ///< run.seed, run.seed + 1, ...
  std::string metric;                           ///< of the final evaluation; empty: that of the task
  bool json = false;                            ///< ablation.json's object on stdout instead of the table
  TrainerOptions trainer;
};

/// Returns the exit code: that of a run which did not end with 0, else 0. Throws Error{config}, and what train() does.
int ablate(const AblationOptions& options);

}  // namespace aio::apps
