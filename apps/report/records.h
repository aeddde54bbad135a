#pragma once
// What runs, evaluations and ablations left on disk, read back for the report. All readers throw Error{io|format} that
// names the file.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/report/chart.h"

namespace aio::report {

using NamedValues = std::vector<std::pair<std::string, double>>;

/// What kind of model it is; empty or 0 where nothing tells.
struct ModelFacts {
  std::string size;  ///< "ti", "demo"; "32 x 4", width x layers, where the configuration changes them
  std::string roll;
  std::int64_t parameters = 0;  ///< in weights.safetensors, heads included
  double gmacs = 0;             ///< billions of multiply-adds of a joint pass over a clip and its text
};

/// A folder with metrics.jsonl.
struct TrainingRun {
  std::string name;  ///< path below the report's folder; that folder's own name where it is the run
  std::string task;
  ModelFacts model;
  std::string config;                ///< config.toml as it stands
  std::vector<std::string> changes;  ///< "key = value" of those that are not the program's defaults
  std::string config_error;          ///< why `changes` is empty: this program does not take the file
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<Series> training;    ///< by metric; x is the step
  std::vector<Series> evaluation;  ///< likewise, of the lines with a split
  std::string split;               ///< of the evaluation
  Series clips_per_second;
  double seconds = 0;
  double peak_bytes = 0;

  std::int64_t steps() const;
};

/// The series of that name; null if there is none.
const Series* find_series(const std::vector<Series>& all, const std::string& name);

struct PaperFigure {
  std::string metric, condition;
  double value = 0;
};

/// results.json of aio_eval.
struct Evaluation {
  std::string name;  ///< its folder, below the report's
  std::string task, checkpoint, data, dataset, split, roll, commit;
  std::int64_t items = 0, unreadable = 0, frames = 0, views = 0, seed = 0;
  double seconds = 0;
  NamedValues metrics;
  NamedValues metrics_readable;  ///< without the samples that could not be read
  std::vector<PaperFigure> paper;
  std::string predictions;  ///< path of predictions.jsonl; empty: there is none
  ModelFacts model;         ///< of the run that the checkpoint lies in

  const double* metric(const std::string& wanted) const;  ///< null: has no such
};

/// ablation.json of aio_train --ablate.
struct Ablation {
  struct Variant {
    std::string name;
    std::vector<double> values;  ///< by seed
    double mean = 0, deviation = 0;
    double gmacs = 0;              ///< 0: not told
    std::vector<double> seconds;   ///< by seed
    std::vector<double> steps_to;  ///< by seed: step at which the metric was good, -1: never; empty: not told
    std::int64_t steps = 0;
  };
  std::string name, key, metric;
  std::vector<std::int64_t> seeds;
  std::vector<Variant> variants;
};

TrainingRun read_training_run(const std::string& folder, const std::string& name);
Evaluation read_evaluation(const std::string& file, const std::string& name);
Ablation read_ablation(const std::string& file, const std::string& name);

/// What config.toml and weights.safetensors say in `folder` or, as a checkpoint lies in a run's, up to two above it.
ModelFacts model_facts_near(const std::string& folder);

}  // namespace aio::report
