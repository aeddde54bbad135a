#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "apps/common/device.h"
#include "apps/trainer/learner.h"
#include "apps/trainer/probes.h"
#include "apps/trainer/run_data.h"
#include "tensor/allocator.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr double kLongStep = 60;  // seconds; beyond it sizes are extrapolated, not tried

struct Trial {
  std::int64_t batch = 0;
  std::int64_t bytes = 0;  ///< of tensors at the most, with the batches that wait where they lie in the same memory
  double seconds = 0;      ///< of one step
  double clips_per_second() const { return static_cast<double>(batch) / seconds; }
};

std::int64_t bytes_of(const Batch& batch) {
  std::int64_t elements = 0;
  for (const Tensor* frames : {&batch.frames, &batch.frames2, &batch.false_frames}) {
    if (frames->defined()) elements += frames->numel();
  }
  return elements * static_cast<std::int64_t>(sizeof(float));
}

/// Of ascending sizes: the peak of memory is that of the largest so far.
Trial try_batch(Learner& learner, const RunData& data, std::int64_t batch, int prefetch) {
  // The loaders' threads must be gone while steps are measured.
  Batch clips = *data.open_training(batch, false)->next();
  std::optional<Batch> images;
  if (const std::unique_ptr<Loader> loader = data.open_training(batch, true)) images = loader->next();
  const std::int64_t waiting = prefetch * (bytes_of(clips) + (images ? bytes_of(*images) : 0));
  FixedBatches batches(std::move(clips), std::move(images));
  Trial trial{batch, 0, 0};
  for (std::int64_t step = 0; step < 2; ++step) {  // the second: the first takes its memory from the system
    const auto begin = std::chrono::steady_clock::now();
    learner.step(batches, step, 0);
    trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  trial.bytes = static_cast<std::int64_t>(memory_stats(learner.device()).peak);
  if (learner.device().is_cpu()) trial.bytes += waiting;
  return trial;
}

/// bytes = fixed + each * batch, through the two largest trials.
struct Line {
  double fixed = 0, each = 0;
  double at(std::int64_t batch) const { return fixed + each * static_cast<double>(batch); }
};
Line line_through(const Trial& a, const Trial& b) {
  Line line;
  line.each = std::max(1.0, static_cast<double>(b.bytes - a.bytes) / static_cast<double>(b.batch - a.batch));
  line.fixed = static_cast<double>(b.bytes) - line.each * static_cast<double>(b.batch);
  return line;
}

struct Search {
  std::vector<Trial> trials;
  std::int64_t largest = 0;   ///< 0: not even the smallest fits
  bool extrapolated = false;  ///< it was not tried, but is on the line through others
};

Search search(Learner& learner, const RunData& data, std::int64_t smallest, int prefetch, double limit) {
  Search found;
  const std::int64_t most = data.samples();
  Line line;
  for (std::int64_t batch = smallest; batch <= most; batch *= 2) {
    if (found.trials.size() >= 2 && line.at(batch) > limit) break;
    found.trials.push_back(try_batch(learner, data, batch, prefetch));
    const Trial& last = found.trials.back();
    if (static_cast<double>(last.bytes) > limit) break;
    found.largest = batch;
    if (found.trials.size() >= 2) line = line_through(found.trials[found.trials.size() - 2], last);
    if (last.seconds > kLongStep) break;
  }
  if (found.largest == 0 || found.trials.size() < 2) return found;
  // Between the largest that fits and twice that. The allocator rounds, so that the first guess may be a little too
  // large; the second one is then drawn between what fits and what does not.
  const Trial fitting = found.trials.back();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::int64_t best = std::min(static_cast<std::int64_t>(std::floor((limit - line.fixed) / line.each)), most);
    if (best <= found.largest) break;
    const double seconds = fitting.seconds / static_cast<double>(fitting.batch) * static_cast<double>(best);
    found.extrapolated = attempt > 0 || seconds > kLongStep;
    const Trial trial = found.extrapolated ? Trial{} : try_batch(learner, data, best, prefetch);
    if (static_cast<double>(trial.bytes) <= limit) {
      found.largest = best;
      if (!found.extrapolated) found.trials.push_back(trial);
      break;
    }
    line = line_through(fitting, trial);
  }
  return found;
}

}  // namespace

int find_batch(TrainConfig& config, const ProbeOptions& options) {
  config.train.accumulate = 1;
  config.run.cuda_graph = "off";  // a recording has memory of its own, which is not counted here
  // Matching needs another video in the batch.
  const std::int64_t smallest = config.train.task == "pretrain" && config.loss.vtm > 0 ? 2 : 1;
  config.train.batch = smallest;
  // Of each size one batch is loaded; the run's other ones and its cache of clips are added by their size.
  const int prefetch = std::exchange(config.data.prefetch, 1);
  const std::int64_t cache = std::exchange(config.data.cache_mib, 0) << 20;
  const Device device = choose_device(config.run.device);
  const double given =
      options.memory_gib > 0 ? options.memory_gib * (1 << 30) : static_cast<double>(available_memory(device));
  const double limit = given - (device.is_cpu() ? static_cast<double>(cache) : 0);
  const RunData data(config);
  Learner learner(config, device, data.tokenizer().size(), data.labels());
  const Search found = search(learner, data, smallest, prefetch, limit);
  check(found.largest > 0, ErrorCode::oom, "a batch of ", smallest, " takes ", found.trials[0].bytes >> 20,
        " MiB, more than the ", std::max<std::int64_t>(0, static_cast<std::int64_t>(limit)) >> 20,
        " MiB that there are", cache > 0 && device.is_cpu() ? message(" beside data.cache_mib = ", cache >> 20) : "");
  if (options.json) {
    nlohmann::ordered_json trials = nlohmann::ordered_json::array();
    for (const Trial& t : found.trials) {
      trials.push_back({{"batch", t.batch}, {"bytes", t.bytes}, {"clips_per_second", t.clips_per_second()}});
    }
    const nlohmann::ordered_json json = {{"limit_bytes", static_cast<std::int64_t>(given)},
                                         {"largest", found.largest},
                                         {"extrapolated", found.extrapolated},
                                         {"trials", trials}};
    std::printf("%s\n", json.dump().c_str());
    return 0;
  }
  std::printf("   batch       GiB   clips/s   s/step\n");
  for (const Trial& t : found.trials) {
    std::printf("%8lld  %8.3f  %8.1f  %7.2f\n", static_cast<long long>(t.batch),
                static_cast<double>(t.bytes) / (1 << 30), t.clips_per_second(), t.seconds);
  }
  std::printf("train.batch = %lld is the largest within %.2f GiB%s%s\n", static_cast<long long>(found.largest),
              given / (1 << 30), found.extrapolated ? " (by the line through the others)" : "",
              found.largest == data.samples() ? " (the split has no more samples)" : "");
  return 0;
}

}  // namespace aio::apps
