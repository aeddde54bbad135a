#pragma once
// results.json, predictions.jsonl, and what the screen shows of an evaluation.

#include <cstdint>
#include <string>

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"

namespace aio::apps {

/// What an evaluation was of, and how it was made.
struct EvalRun {
  std::string task;
  std::string checkpoint, data;  ///< as given
  std::string dataset;           ///< its name
  std::string split, file;       ///< the file of samples
  std::string protocol;          ///< how the splits were cut, where there are several customs
  std::int64_t frames = 0, views = 1, seed = 0;
  std::string roll;
  bool blind = false;
  double seconds = 0;
};

/// What `split` and `options` say of it; task, checkpoint, data, seed, roll and seconds are left to the caller.
EvalRun describe(const EvalSplit& split, const EvalOptions& options);

/// One line: {"program": "aio_eval", "task", "checkpoint", ..., "protocol" (if any), "items", "unreadable", "metrics",
/// "metrics_readable" (where some samples are unreadable), "paper": [{"metric", "value", "condition"}], "seconds",
/// "commit"}.
std::string results_json(const EvalRun& run, const Evaluation& evaluation);

/// `folder`/results.json, predictions.jsonl and, of retrieval, NAME.safetensors with the key "similarity" for each
/// matrix: what aio_eval score-retrieval reads. Each appears whole or not at all; results.json is the last. Makes the
/// folder. Throws Error{io}.
void write_results(const std::string& folder, const EvalRun& run, const Evaluation& evaluation);

/// To standard output: metrics in percent (ranks as they are), published values beside them.
void print_results(const EvalRun& run, const Evaluation& evaluation);

}  // namespace aio::apps
