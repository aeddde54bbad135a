#pragma once
// ReportTree: everything below a folder that a report tells of.

#include <string>
#include <vector>

#include "apps/report/records.h"

namespace aio::report {

/// Below a run: the results of its last evaluation. Shown on the run's own page alone; whoever draws a page of several
/// runs judges them by evaluations of the same split.
inline constexpr const char* kRunEvaluations = "evaluation";

struct ReportTree {
  std::string folder;             ///< canonical
  std::vector<TrainingRun> runs;  ///< by path; without those of ablations
  std::vector<Evaluation> evaluations;
  struct AblationRuns {
    Ablation ablation;
    std::vector<TrainingRun> runs;  ///< by path: variant and seed
  };
  std::vector<AblationRuns> ablations;

  bool empty() const { return runs.empty() && evaluations.empty() && ablations.empty(); }
};

/// Every folder with metrics.jsonl is a run, every results.json an evaluation, every ablation.json an ablation, and the
/// runs below it are its own; of evaluations below kRunEvaluations see there. Links are not followed. Throws
/// Error{io|format} that names the file.
ReportTree read_report_tree(const std::string& folder);

}  // namespace aio::report
