#include "apps/trainer/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/common/app.h"
#include "apps/trainer/metrics_log.h"
#include "apps/trainer/run_checkpoint.h"
#include "apps/trainer/run_data.h"
#include "apps/trainer/run_folder.h"
#include "apps/trainer/screen.h"
#include "apps/trainer/stop_signal.h"
#include "apps/trainer/tensorboard.h"
#include "apps/trainer/train_task.h"
#include "autograd/autograd.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/load.h"
#include "nn/optim/adamw.h"
#include "nn/optim/ema.h"
#include "nn/optim/grad_norm.h"
#include "nn/optim/lr_schedule.h"
#include "nn/optim/sgd.h"
#include "tensor/allocator.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::unique_ptr<nn::Optimizer> make_optimizer(nn::FlatParams& params, const OptimSettings& settings) {
  const nn::ParamGroups groups = nn::ParamGroups::reference(settings.weight_decay, settings.lr_mult);
  if (settings.kind == "sgd") {
    nn::SgdOptions options;
    options.momentum = settings.momentum;
    return std::make_unique<nn::Sgd>(params, groups, options);
  }
  nn::AdamWOptions options;
  if (settings.kind == "adamw") options.variant = nn::AdamWOptions::Variant::torch;
  if (settings.kind == "adam") options.variant = nn::AdamWOptions::Variant::adam_l2;
  options.beta1 = settings.beta1;
  options.beta2 = settings.beta2;
  options.eps = settings.eps;
  return std::make_unique<nn::AdamW>(params, groups, options);
}

nn::LrSchedule make_schedule(const OptimSettings& settings, std::int64_t max_steps) {
  nn::LrSchedule schedule;
  schedule.decay = settings.schedule == "cosine" ? nn::LrSchedule::Decay::cosine : nn::LrSchedule::Decay::polynomial;
  schedule.base_lr = settings.lr;
  schedule.end_lr = settings.schedule == "constant" ? settings.lr : settings.end_lr;
  schedule.power = settings.power;
  schedule.max_steps = max_steps;
  schedule.warmup_steps = settings.warmup < 1 ? nn::warmup_from_fraction(settings.warmup, max_steps)
                                              : static_cast<std::int64_t>(settings.warmup);
  schedule.decay_start = static_cast<std::int64_t>(settings.hold * static_cast<double>(max_steps));
  schedule.validate();
  return schedule;
}

std::int64_t planned_steps(const TrainConfig& config, const Loader& loader) {
  if (config.train.max_steps > 0) return config.train.max_steps;
  check(config.train.epochs > 0, ErrorCode::config,
        "train.max_steps and train.epochs are both 0: say how long to train");
  const double batches = config.train.epochs * static_cast<double>(loader.steps_per_epoch());
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(batches) / config.train.accumulate);
}

/// A run from its first step, or the checkpoint's, to its last.
class Run {
 public:
  Run(TrainConfig& config, const TrainerOptions& options)
      : config_(config),
        options_(options),
        screen_(options.quiet),
        folder_(config.run.dir),
        checkpoints_(folder_ / "checkpoints"),
        data_(config),
        store_(static_cast<std::uint64_t>(config.run.seed)),
        model_(store_, config.model_config(data_.tokenizer().size(), data_.labels())),
        task_(make_task(config, model_)),
        max_steps_(planned_steps(config, data_.train())),
        schedule_(make_schedule(config.optim, max_steps_)) {
    initialise();
    for (const std::string& pattern : config.train.freeze) {
      check(store_.set_trainable(pattern, false) > 0, ErrorCode::config,
            "train.freeze: no parameter's name contains \"", pattern, "\"");
    }
    params_ = std::make_unique<nn::FlatParams>(store_);
    optimizer_ = make_optimizer(*params_, config.optim);
    if (config.train.ema > 0) ema_ = std::make_unique<nn::Ema>(*params_, config.train.ema);
    resume();
    folder_.write("config.toml", config.keys.to_toml());
    folder_.write("environment.json", RunFolder::environment_json());
    metrics_ = std::make_unique<JsonLinesFile>(folder_ / "metrics.jsonl", metrics_length_);
    timing_ = std::make_unique<JsonLinesFile>(folder_ / "timing.jsonl", timing_length_);
    if (config.log.tensorboard) events_ = std::make_unique<EventWriter>(folder_.path());
  }

  int train();

 private:
  void initialise();
  void resume();
  /// Forward and backward of all micro-batches; the total loss, NaN as soon as one is not finite.
  double forward_backward(Averages& averages);
  void handle_non_finite();
  void log_step(double lr, double grad_norm);
  void evaluate();
  void save_checkpoint();
  void check_gradients();
  nn::ForwardCtx context() const {
    return nn::ForwardCtx::train(static_cast<std::uint64_t>(config_.run.seed), static_cast<std::uint32_t>(step_),
                                 config_.run.dtype == "bf16" ? DType::bf16 : DType::f32);
  }
  Batch next_batch(Loader& loader);

  TrainConfig& config_;
  TrainerOptions options_;
  Screen screen_;
  RunFolder folder_;
  CheckpointFolder checkpoints_;
  RunData data_;
  nn::ParamStore store_;
  models::AllInOne model_;
  std::unique_ptr<TrainTask> task_;
  std::int64_t max_steps_;
  nn::LrSchedule schedule_;
  std::unique_ptr<nn::FlatParams> params_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  std::unique_ptr<nn::Ema> ema_;
  std::unique_ptr<JsonLinesFile> metrics_, timing_;
  std::unique_ptr<EventWriter> events_;

  // State, saved and restored with checkpoints.
  std::int64_t step_ = 0;     ///< updates done
  std::int64_t skipped_ = 0;  ///< non-finite steps, in all
  std::int64_t skipped_in_a_row_ = 0;
  Averages averages_;  ///< since the last line
  std::int64_t best_step_ = -1;
  double best_ = 0;
  std::int64_t metrics_length_ = 0, timing_length_ = 0;

  // Since the last line; not part of the state.
  Clock::time_point line_start_ = Clock::now();
  std::int64_t line_step_ = 0;
  double line_wait_ = 0;
  std::vector<std::string> batch_ids_;
  std::optional<Batch> first_batch_;
};

void Run::initialise() {
  if (config_.model.init.empty()) return;
  weights::AdaptOptions adapt;
  adapt.resize_temporal = config_.model.resize_temporal;
  adapt.resize_positions = config_.model.resize_positions;
  adapt.resize_text = config_.model.resize_text;
  adapt.fresh = config_.model.fresh;
  try {
    const weights::Checkpoint checkpoint = weights::open_checkpoint(config_.model.init);
    const weights::LoadSummary summary = weights::load_checkpoint(store_, checkpoint, adapt);
    screen_.message(summary.line());
    if (options_.verbose) screen_.message(summary.table());
  } catch (const Error& error) {
    throw Exit(kWeights, error.what());
  }
}

void Run::resume() {
  std::vector<std::string> warnings;
  std::optional<RunState> state = checkpoints_.load_newest(warnings);
  for (const std::string& warning : warnings) screen_.message("passed over: " + warning);
  if (!options_.resume) {
    check(!state.has_value(), ErrorCode::config, config_.run.dir,
          " holds a run already (pass --resume auto to go on with it, or choose another run.dir)");
    return;
  }
  if (!state) return;
  store_.load(state->weights);
  TensorMap averaged, moments;
  for (const auto& entry : state->training) (entry.first.rfind("ema.", 0) == 0 ? averaged : moments).insert(entry);
  optimizer_->load_state(moments);
  if (ema_) ema_->load_state(averaged);
  const auto json = nlohmann::json::parse(state->json);
  step_ = state->step;
  skipped_ = json.at("skipped").get<std::int64_t>();
  skipped_in_a_row_ = json.at("skipped_in_a_row").get<std::int64_t>();
  averages_ = Averages::from_json(json.at("averages").dump());
  best_step_ = json.at("best_step").get<std::int64_t>();
  best_ = json.at("best").get<double>();
  metrics_length_ = json.at("metrics_length").get<std::int64_t>();
  timing_length_ = json.at("timing_length").get<std::int64_t>();
  screen_.message(message("resumed at step ", step_, " of ", max_steps_));
}

Batch Run::next_batch(Loader& loader) {
  if (options_.overfit_batch) {
    if (!first_batch_) first_batch_ = loader.next();
    return *first_batch_;
  }
  const double waited = loader.times().wait;
  std::optional<Batch> batch = loader.next();
  line_wait_ += loader.times().wait - waited;
  return std::move(*batch);  // training loaders have no end
}

double Run::forward_backward(Averages& averages) {
  nn::ForwardCtx ctx = context();
  double total = 0;
  batch_ids_.clear();
  for (int i = 0; i < config_.train.accumulate; ++i) {
    for (Loader* loader : {&data_.train(), data_.images()}) {
      if (loader == nullptr) continue;
      const Batch batch = next_batch(*loader);
      batch_ids_.insert(batch_ids_.end(), batch.ids.begin(), batch.ids.end());
      const Tensor loss = task_->loss(batch, loader == data_.images(), ctx, averages);
      const double value = loss.item();
      total += value / config_.train.accumulate;
      if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
      backward(loss);
    }
  }
  return total;
}

/// A step whose loss or gradient is not finite changes nothing. Too many in a row: say which op it came from, and stop.
void Run::handle_non_finite() {
  ++skipped_;
  ++skipped_in_a_row_;
  std::string ids;
  for (const std::string& id : batch_ids_) ids.append(ids.empty() ? "" : ", ").append(id);
  screen_.message(message("step ", step_, ": the loss or its gradient is not finite; skipped (", skipped_in_a_row_,
                          " in a row). Samples: ", ids));
  if (skipped_in_a_row_ < config_.train.max_skipped) return;
  std::string where = "not found when the step was repeated";
  try {
    const AnomalyMode anomaly;
    for (Loader* loader : {&data_.train(), data_.images()}) {
      if (loader != nullptr) loader->seek(step_ * config_.train.accumulate);
    }
    params_->zero_grad();
    Averages unused;
    forward_backward(unused);
  } catch (const Error& error) {
    where = error.what();
  }
  const nlohmann::ordered_json dump = {{"step", step_}, {"samples", batch_ids_}, {"first_bad_op", where}};
  folder_.write(message("non-finite-step-", step_, ".json"), dump.dump(1) + "\n");
  throw Exit(kNumbers,
             message(config_.train.max_skipped, " steps in a row were not finite; the first bad op: ", where));
}

void Run::check_gradients() {
  std::string names;
  int count = 0;
  for (const nn::Parameter& parameter : store_.parameters()) {
    if (!parameter.trainable || grad_touched(parameter.value)) continue;
    if (++count <= 8) names.append(names.empty() ? "" : ", ").append(parameter.name);
  }
  if (count == 0) return;
  screen_.message(message("note: ", count,
                          " trainable parameters get no gradient from this task and stay as they are: ", names,
                          count > 8 ? ", ..." : ""));
}

void Run::log_step(double lr, double grad_norm) {
  Metrics metrics = {{"step", step_}};
  for (const Averages::Entry& entry : averages_.entries()) metrics.emplace_back(entry.name, entry.mean());
  metrics.emplace_back("lr", lr);
  metrics.emplace_back("grad_norm", grad_norm);
  if (skipped_ > 0) metrics.emplace_back("skipped", skipped_);
  metrics_->write(metrics);

  const double seconds = seconds_since(line_start_);
  const auto steps = static_cast<double>(step_ - line_step_);
  const double clips =
      steps * static_cast<double>(config_.train.batch * config_.train.accumulate) * (data_.images() != nullptr ? 2 : 1);
  ProgressLine line;
  line.step = step_;
  line.max_steps = max_steps_;
  line.averages = &averages_;
  line.lr = lr;
  line.grad_norm = grad_norm;
  line.clips_per_second = clips / seconds;
  line.wait_share = line_wait_ / seconds;
  line.memory_gib = static_cast<double>(memory_stats().peak) / (1 << 30);
  line.seconds_left = seconds / steps * static_cast<double>(max_steps_ - step_);
  screen_.progress(line);
  timing_->write({{"step", step_},
                  {"seconds", seconds},
                  {"clips_per_second", line.clips_per_second},
                  {"wait_share", line.wait_share},
                  {"peak_bytes", static_cast<std::int64_t>(memory_stats().peak)}});
  if (events_) {
    for (const auto& metric : metrics) {
      if (const double* value = std::get_if<double>(&metric.second))
        events_->scalar("train/" + metric.first, step_, *value);
    }
    events_->scalar("time/clips_per_second", step_, line.clips_per_second);
    events_->flush();
  }
  averages_.clear();
  line_start_ = Clock::now();
  line_step_ = step_;
  line_wait_ = 0;
}

void Run::evaluate() {
  const std::unique_ptr<Loader> loader = data_.open_evaluation();
  if (!loader) return;
  std::optional<nn::EmaScope> averaged;
  if (ema_) averaged.emplace(*ema_);
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(config_.run.dtype == "bf16" ? DType::bf16 : DType::f32);
  Averages averages;
  std::int64_t batches = 0;
  while (config_.eval.batches == 0 || batches < config_.eval.batches) {
    const std::optional<Batch> batch = loader->next();
    if (!batch || batch->size() == 0) break;
    task_->loss(*batch, false, ctx, averages);
    ++batches;
  }
  screen_.evaluation(step_, config_.data.eval_split, averages);
  Metrics metrics = {{"step", step_}, {"split", config_.data.eval_split}};
  for (const Averages::Entry& entry : averages.entries()) metrics.emplace_back(entry.name, entry.mean());
  metrics_->write(metrics);
  if (events_) {
    for (const Averages::Entry& entry : averages.entries()) {
      events_->scalar(config_.data.eval_split + "/" + entry.name, step_, entry.mean());
    }
  }
  if (config_.checkpoint.best.empty()) return;
  const double value = averages.mean(config_.checkpoint.best);
  if (best_step_ < 0 || (config_.checkpoint.best_mode == "max" ? value > best_ : value < best_)) {
    best_ = value;
    best_step_ = step_;
  }
}

void Run::save_checkpoint() {
  RunState state;
  state.step = step_;
  const nlohmann::ordered_json json = {{"skipped", skipped_},
                                       {"skipped_in_a_row", skipped_in_a_row_},
                                       {"averages", nlohmann::json::parse(averages_.to_json())},
                                       {"best_step", best_step_},
                                       {"best", best_},
                                       {"metrics_length", metrics_->sync()},
                                       {"timing_length", timing_->sync()},
                                       {"seed", config_.run.seed}};
  state.json = json.dump();
  state.weights = store_.state();
  state.training = optimizer_->state();
  if (ema_) state.training.merge(ema_->state());
  try {
    checkpoints_.save(state);
    checkpoints_.prune(config_.checkpoint.keep, {best_step_});
  } catch (const Error& error) {
    // The old checkpoint is as it was; a full disk may have room again at the next one.
    screen_.message(message("the checkpoint of step ", step_, " was NOT saved: ", error.what()));
  }
}

int Run::train() {
  catch_stop_signals();
  screen_.message(message("training ", config_.train.task, ": ", data_.train().samples(), " samples, ", store_.numel(),
                          " parameters, ", max_steps_, " steps of ", config_.train.batch * config_.train.accumulate,
                          " clips; ", folder_.path()));
  for (Loader* loader : {&data_.train(), data_.images()}) {
    if (loader != nullptr) loader->seek(step_ * config_.train.accumulate);
  }
  line_start_ = Clock::now();
  line_step_ = step_;
  bool evaluated = false, saved = step_ > 0;
  while (step_ < max_steps_ && stop_signal() == 0) {
    params_->zero_grad();
    Averages averages;
    const double loss = forward_backward(averages);
    const double max_norm =
        config_.train.clip_norm > 0 ? config_.train.clip_norm : std::numeric_limits<double>::infinity();
    const nn::GradNorm norm = nn::grad_norm(*params_, max_norm, config_.train.accumulate);
    if (step_ == 0 && config_.train.check_grads) check_gradients();
    const double lr = schedule_.lr(step_);
    if (std::isfinite(loss) && norm.non_finite == 0) {
      optimizer_->step(lr, norm.grad_scale);
      if (ema_) ema_->update();
      averages_.add(averages);
      skipped_in_a_row_ = 0;
    } else {
      handle_non_finite();
    }
    ++step_;
    screen_.bar(step_, max_steps_);
    const auto due = [&](std::int64_t every) { return every > 0 && step_ % every == 0; };
    if (due(config_.log.every) || step_ == max_steps_) log_step(lr, norm.norm);
    evaluated = due(config_.eval.every) || step_ == max_steps_;
    if (evaluated) evaluate();
    saved = due(config_.checkpoint.every) || step_ == max_steps_;
    if (saved) save_checkpoint();
  }
  if (const int signal = stop_signal(); signal != 0) {
    if (!saved) save_checkpoint();
    screen_.message(message("stopped by a signal at step ", step_, " of ", max_steps_, "; --resume auto goes on"));
    return exit_code_of_signal(signal);
  }
  {
    std::optional<nn::EmaScope> averaged;
    if (ema_) averaged.emplace(*ema_);
    save_safetensors(folder_ / "weights.safetensors", store_.state(),
                     {{"format", "pt"}, {"step", message(step_)}, {"task", config_.train.task}});
  }
  screen_.message(message("done: ", folder_ / "weights.safetensors"));
  return kOk;
}

}  // namespace

int train(TrainConfig& config, const TrainerOptions& options) {
  if (config.run.threads > 0) set_num_threads(config.run.threads);
  try {
    Run run(config, options);
    return run.train();
  } catch (const TooManyBadSamples& error) {
    throw Exit(kData, error.what());
  }
}

}  // namespace aio::apps
