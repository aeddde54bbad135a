#include "apps/trainer/run_log.h"

#include "tensor/allocator.h"
#include "tensor/tensor.h"

namespace aio::apps {

RunLog::RunLog(const RunFolder& folder, Screen& screen, const Options& options, const LogLengths& lengths)
    : screen_(screen),
      options_(options),
      metrics_(folder / "metrics.jsonl", lengths.metrics),
      timing_(folder / "timing.jsonl", lengths.timing) {
  if (options.tensorboard) events_ = std::make_unique<EventWriter>(folder.path());
}

void RunLog::start(std::int64_t step) {
  line_start_ = Clock::now();
  line_step_ = step;
  left_out_ = 0;
}

void RunLog::steps(std::int64_t step, const Averages& averages, double lr, double grad_norm, std::int64_t skipped,
                   const Feed::Wait& wait) {
  Metrics metrics = {{"step", step}};
  for (const Averages::Entry& entry : averages.entries()) metrics.emplace_back(entry.name, entry.mean());
  metrics.emplace_back("lr", lr);
  metrics.emplace_back("grad_norm", grad_norm);
  if (skipped > 0) metrics.emplace_back("skipped", skipped);
  metrics_.write(metrics);

  const double seconds = std::chrono::duration<double>(Clock::now() - line_start_).count() - left_out_;
  const auto count = static_cast<double>(step - line_step_);
  ProgressLine line;
  line.step = step;
  line.max_steps = options_.max_steps;
  line.averages = &averages;
  line.lr = lr;
  line.grad_norm = grad_norm;
  line.clips_per_second = count * static_cast<double>(options_.clips_per_step) / seconds;
  line.wait_share = wait.seconds / seconds;
  line.waits_for = slowest(wait.by);
  line.memory_gib = static_cast<double>(memory_stats(options_.device).peak) / (1 << 30);
  line.seconds_left = seconds / count * static_cast<double>(options_.max_steps - step);
  screen_.progress(line);
  timing_.write({{"step", step},
                 {"seconds", seconds},
                 {"clips_per_second", line.clips_per_second},
                 {"wait_share", line.wait_share},
                 {"wait_disk", wait.by.disk},
                 {"wait_decode", wait.by.decode},
                 {"wait_transform", wait.by.transform},
                 {"wait_text", wait.by.text},
                 {"peak_bytes", static_cast<std::int64_t>(memory_stats(options_.device).peak)}});
  if (events_) {
    for (const auto& metric : metrics) {
      if (const double* value = std::get_if<double>(&metric.second)) {
        events_->scalar("train/" + metric.first, step, *value);
      }
    }
    events_->scalar("time/clips_per_second", step, line.clips_per_second);
    events_->flush();
  }
  start(step);
}

void RunLog::skipped(std::int64_t step, const std::string& samples) {
  metrics_.write({{"step", step}, {"event", "not finite, skipped"}, {"samples", samples}});
}

void RunLog::evaluation(std::int64_t step, const std::string& split, const Averages& averages) {
  screen_.evaluation(step, split, averages);
  Metrics metrics = {{"step", step}, {"split", split}};
  for (const Averages::Entry& entry : averages.entries()) metrics.emplace_back(entry.name, entry.mean());
  metrics_.write(metrics);
  if (!events_) return;
  for (const Averages::Entry& entry : averages.entries()) {
    events_->scalar(split + "/" + entry.name, step, entry.mean());
  }
  events_->flush();
}

LogLengths RunLog::sync() { return {metrics_.sync(), timing_.sync()}; }

}  // namespace aio::apps
