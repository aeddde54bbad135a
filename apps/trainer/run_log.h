#pragma once
// RunLog: what a run tells while it goes: the screen, metrics.jsonl, timing.jsonl, TensorBoard.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "apps/trainer/averages.h"
#include "apps/trainer/feed.h"
#include "apps/trainer/metrics_log.h"
#include "apps/trainer/run_folder.h"
#include "apps/trainer/screen.h"
#include "apps/trainer/tensorboard.h"

namespace aio::apps {

/// Lengths of the two files, kept in checkpoints.
struct LogLengths {
  std::int64_t metrics = 0, timing = 0;
};

class RunLog {
 public:
  struct Options {
    std::int64_t max_steps = 0;
    std::int64_t clips_per_step = 0;
    bool tensorboard = true;
    Device device{};  ///< whose memory is reported
  };
  /// Cuts the files to `lengths`. `screen` outlives it. Throws Error{io}.
  RunLog(const RunFolder& folder, Screen& screen, const Options& options, const LogLengths& lengths);

  /// The clock starts: `step` updates are done.
  void start(std::int64_t step);
  /// A line over the steps since the last one.
  void steps(std::int64_t step, const Averages& averages, double lr, double grad_norm, std::int64_t skipped,
             const Feed::Wait& wait);
  /// A step that was left out because it was not finite, and the samples that were in it.
  void skipped(std::int64_t step, const std::string& samples);
  void evaluation(std::int64_t step, const std::string& split, const Averages& averages);
  /// Seconds since the last line that were not training: evaluation, checkpoints.
  void leave_out(double seconds) { left_out_ += seconds; }
  /// Waits for the disk.
  LogLengths sync();

 private:
  using Clock = std::chrono::steady_clock;
  Screen& screen_;
  Options options_;
  JsonLinesFile metrics_, timing_;
  std::unique_ptr<EventWriter> events_;
  Clock::time_point line_start_ = Clock::now();
  std::int64_t line_step_ = 0;
  double left_out_ = 0;
};

}  // namespace aio::apps
