#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apps/common/device.h"
#include "apps/common/machine_memory.h"
#include "apps/trainer/learner.h"
#include "apps/trainer/optimizer_setup.h"
#include "apps/trainer/probes.h"
#include "apps/trainer/run_data.h"
#include "apps/trainer/screen.h"
#include "autograd/autograd.h"
#include "models/complexity.h"
#include "tensor/allocator.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

template <class Function>
double seconds_of(const Function& function) {
  const auto begin = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::int64_t bytes_of(const TensorMap& tensors) {
  std::int64_t bytes = 0;
  for (const auto& entry : tensors) {
    bytes += entry.second.numel() * static_cast<std::int64_t>(size_of(entry.second.dtype()));
  }
  return bytes;
}

struct Estimate {
  Device device{};
  std::int64_t samples = 0, evaluated = 0, steps = 0, parameters = 0;
  double gmacs = 0;                           // of a clip with its text
  double step_seconds = 0, wait_seconds = 0;  // of one step after the first
  double evaluation_seconds = 0;              // of the whole split
  std::int64_t evaluations = 0, checkpoints_kept = 0, checkpoint_bytes = 0;
  std::int64_t tensor_bytes = 0, process_bytes = 0;
  Averages losses, evaluation;

  double total_seconds() const {
    return step_seconds * static_cast<double>(steps) + evaluation_seconds * static_cast<double>(evaluations);
  }
};

/// Events at every `every`-th of `steps` steps and at the end.
std::int64_t times_due(std::int64_t every, std::int64_t steps) { return every > 0 ? (steps + every - 1) / every : 1; }

Averages one_batch(Learner& learner, Loader& split) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(learner.dtype());
  Averages averages;
  learner.task().loss(*split.next(), false, ctx, averages);
  return averages;
}

Estimate measure(const TrainConfig& config) {
  const Device device = choose_device(config.run.device);
  Estimate e;
  e.device = device;
  RunData data(config);
  Feed feed(data.train(), data.images(), config.train.accumulate);
  Learner learner(config, device, data.tokenizer().size(), data.labels());
  const models::AioConfig& model = config.model.config;
  e.samples = data.train().samples();
  e.parameters = learner.parameters().numel();
  e.gmacs = static_cast<double>(models::count_macs(model, {model.frames, model.max_text_len}).total()) / 1e9;
  e.steps = planned_steps(config.train, data.train().steps_per_epoch());
  const nn::LrSchedule schedule = make_schedule(config.optim, e.steps);

  feed.seek(0);
  // The first step takes memory from the system and waits for the first clips: the second one is the run's.
  for (std::int64_t i = 0; i < 2; ++i) {
    feed.take_wait();
    StepResult result;
    e.step_seconds = seconds_of([&] { result = learner.step(feed, i, schedule.lr(i)); });
    if (!result.finite) fail(ErrorCode::value, "step ", i, ": the loss or its gradient is not finite");
    e.wait_seconds = feed.take_wait().seconds;
    if (i == 0) e.losses = result.averages;
  }
  if (const std::unique_ptr<Loader> split = data.open_evaluation()) {
    std::int64_t batches = split->steps_per_epoch();
    if (config.eval.batches > 0) batches = std::min(batches, config.eval.batches);
    e.evaluated = split->samples();
    e.evaluations = times_due(evaluation_interval(config, data.train().steps_per_epoch()), e.steps);
    e.evaluation_seconds =
        static_cast<double>(batches) * seconds_of([&] { e.evaluation = one_batch(learner, *split); });
  }
  RunState state;
  learner.save_to(state);
  e.checkpoint_bytes = bytes_of(state.weights) + bytes_of(state.training);
  e.checkpoints_kept = std::min(config.checkpoint.keep, times_due(config.checkpoint.every, e.steps));
  e.tensor_bytes = static_cast<std::int64_t>(memory_stats(learner.device()).peak);
  e.process_bytes = peak_resident_bytes();
  return e;
}

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

std::string listed(const Averages& averages) {
  std::string text;
  for (const Averages::Entry& entry : averages.entries()) {
    char number[64];
    std::snprintf(number, sizeof number, " %.4f", entry.mean());
    text.append(text.empty() ? "" : ", ").append(entry.name).append(number);
  }
  return text;
}

void print(const Estimate& e, const TrainConfig& config) {
  const std::int64_t clips = config.train.batch * config.train.accumulate;
  std::printf("data        %lld samples to train on, %lld to evaluate on\n", static_cast<long long>(e.samples),
              static_cast<long long>(e.evaluated));
  std::printf("model       %.3f M parameters, %.3f GMACs a clip\n", static_cast<double>(e.parameters) / 1e6, e.gmacs);
  std::printf("step        %.2f s for %lld clips (%.1f a second), %.2f s of it waiting for data\n", e.step_seconds,
              static_cast<long long>(clips), static_cast<double>(clips) / e.step_seconds, e.wait_seconds);
  std::printf("            %s\n", listed(e.losses).c_str());
  if (e.evaluated > 0) {
    std::printf("evaluation  %s each; one batch: %s\n", format_duration(e.evaluation_seconds).c_str(),
                listed(e.evaluation).c_str());
  }
  std::printf("memory      %.2f GiB of tensors at the most, %.2f GiB of the process; %.2f GiB are available\n",
              gib(e.tensor_bytes), gib(e.process_bytes), gib(available_memory(e.device)));
  std::printf("disk        %.1f MiB a checkpoint, %lld are kept\n", static_cast<double>(e.checkpoint_bytes) / (1 << 20),
              static_cast<long long>(e.checkpoints_kept));
  std::printf("the run     %lld steps and %lld evaluations: about %s\n", static_cast<long long>(e.steps),
              static_cast<long long>(e.evaluations), format_duration(e.total_seconds()).c_str());
}

}  // namespace

int dry_run(TrainConfig& config, const ProbeOptions& options) {
  config.run.cuda_graph = "off";  // a step that is recorded is not like the others
  const Estimate e = measure(config);
  if (!options.json) {
    print(e, config);
    return 0;
  }
  const nlohmann::ordered_json json = {{"samples", e.samples},
                                       {"evaluation_samples", e.evaluated},
                                       {"parameters", e.parameters},
                                       {"gmacs", e.gmacs},
                                       {"steps", e.steps},
                                       {"step_seconds", e.step_seconds},
                                       {"wait_seconds", e.wait_seconds},
                                       {"evaluations", e.evaluations},
                                       {"evaluation_seconds", e.evaluation_seconds},
                                       {"total_seconds", e.total_seconds()},
                                       {"tensor_bytes", e.tensor_bytes},
                                       {"process_bytes", e.process_bytes},
                                       {"checkpoint_bytes", e.checkpoint_bytes}};
  std::printf("%s\n", json.dump().c_str());
  return 0;
}

}  // namespace aio::apps
