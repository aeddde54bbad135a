#include "apps/trainer/trainer.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "apps/common/app.h"
#include "apps/common/device.h"
#include "apps/common/output.h"
#include "apps/report/report.h"
#include "apps/trainer/evaluation.h"
#include "apps/trainer/learner.h"
#include "apps/trainer/optimizer_setup.h"
#include "apps/trainer/progress.h"
#include "apps/trainer/run_checkpoint.h"
#include "apps/trainer/run_data.h"
#include "apps/trainer/run_folder.h"
#include "apps/trainer/run_log.h"
#include "apps/trainer/stop_signal.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

/// "a, b, c, ... (12 in all)".
std::string join(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) text.append(i == 0 ? "" : ", ").append(names[i]);
  return names.size() <= most ? text : message(text, ", ... (", names.size(), " in all)");
}

std::string names_of(const Averages& averages) {
  std::vector<std::string> names;
  for (const Averages::Entry& entry : averages.entries()) names.push_back(entry.name);
  return join(names, names.size());
}

/// A run from its first step, or the checkpoint's, to its last.
class Run {
 public:
  Run(TrainConfig& config, Device device, const TrainerOptions& options)
      : config_(config),
        options_(options),
        screen_(options.quiet),
        folder_(config.run.dir),
        checkpoints_(folder_ / "checkpoints"),
        data_(config),
        feed_(data_.train(), data_.images(), config.train.accumulate),
        learner_(config, device, data_.tokenizer().size(), data_.labels(),
                 resumes() ? Learner::Start::from_state : Learner::Start::fresh),
        max_steps_(planned_steps(config.train, data_.train().steps_per_epoch())),
        eval_every_(evaluation_interval(config, data_.train().steps_per_epoch())),
        schedule_(make_schedule(config.optim, max_steps_)) {
    if (learner_.loaded()) screen_.message(learner_.loaded()->line());
    if (learner_.loaded() && options.verbose) screen_.message(learner_.loaded()->table());
    resume();
    RunLog::Options log;
    log.max_steps = max_steps_;
    log.clips_per_step = config.train.batch * config.train.accumulate * (feed_.has_images() ? 2 : 1);
    log.tensorboard = config.log.tensorboard;
    log.device = device;
    on_disk([&] {
      folder_.write("config.toml", config.keys.to_toml());
      folder_.copy("vocab.txt", data_.vocabulary());
      folder_.write("environment.json", RunFolder::environment_json(device));
      log_ = std::make_unique<RunLog>(folder_, screen_, log, progress_.lengths);
    });
  }

  int train();

 private:
  bool resumes() const { return !options_.resume_from.empty() || (options_.resume && !checkpoints_.steps().empty()); }
  void resume();
  std::optional<RunState> find_state();
  std::optional<RunState> state_of(const std::filesystem::path& folder);
  BatchSource& batches() { return one_batch_ ? static_cast<BatchSource&>(*one_batch_) : feed_; }
  void one_step();
  void handle_non_finite(const StepResult& result);
  void name_unreadable(const Loader& loader, std::set<std::int64_t>& named);
  void report_replays();
  /// True if it is the best so far by checkpoint.best.
  bool evaluate_now();
  void save_checkpoint();

  TrainConfig& config_;
  TrainerOptions options_;
  Screen screen_;
  RunFolder folder_;
  CheckpointFolder checkpoints_;
  RunData data_;
  Feed feed_;
  std::set<std::int64_t> unreadable_clips_, unreadable_images_;  // rows that have been named
  std::unique_ptr<FixedBatches> one_batch_;                      // --overfit-batch
  Learner learner_;
  std::int64_t max_steps_, eval_every_;
  nn::LrSchedule schedule_;
  std::unique_ptr<RunLog> log_;
  Progress progress_;
};

/// Of a run's folder the newest checkpoint that is whole; nullopt if it has none at all.
std::optional<RunState> Run::state_of(const std::filesystem::path& folder) {
  const std::string checkpoints = (folder / "checkpoints").string();
  if (checkpoint_steps(checkpoints).empty()) return std::nullopt;
  std::vector<std::string> warnings;
  std::optional<RunState> state = load_newest_state(checkpoints, warnings);
  for (const std::string& warning : warnings) screen_.message("passed over: " + warning);
  if (!state) throw Exit(kWeights, folder.string() + ": not one of its checkpoints is whole (named above)");
  return state;
}

/// Where to go on; nullopt at the beginning.
std::optional<RunState> Run::find_state() {
  namespace fs = std::filesystem;
  if (options_.resume) return state_of(folder_.path());
  fs::path given, run;  // --resume DIR, and the run that it belongs to
  bool one_checkpoint = false, own = false;
  if (!options_.resume_from.empty()) {
    given = fs::canonical(options_.resume_from);
    one_checkpoint = fs::exists(given / "state.json");
    run = one_checkpoint ? given.parent_path().parent_path() : given;
    own = fs::equivalent(run, folder_.path());
  }
  check(own || checkpoints_.steps().empty(), ErrorCode::config, config_.run.dir,
        " holds a run already (pass --resume auto to go on with it, or choose another run.dir)");
  if (given.empty()) return std::nullopt;
  const std::optional<RunState> state = one_checkpoint ? load_run_state(given.string()) : state_of(run);
  check(state.has_value(), ErrorCode::config, "--resume ", options_.resume_from,
        ": is neither a checkpoint nor the folder of a run that has one");
  if (own) {
    checkpoints_.remove_after(state->step);
    return state;
  }
  for (const char* log : {"metrics.jsonl", "timing.jsonl"}) {
    check(fs::exists(run / log), ErrorCode::config, "--resume ", options_.resume_from, ": ", run.string(), " has no ",
          log, ", expected a checkpoint where its run has it: RUN/checkpoints/step-N (or begin anew from its weights: ",
          "model.init)");
    folder_.copy(log, (run / log).string());
  }
  return state;
}

void Run::resume() {
  try {
    const std::optional<RunState> state = find_state();
    if (!state) return;
    learner_.load_from(*state);
    progress_ = Progress::from_json(state->step, state->json);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::config) throw;
    throw Exit(kWeights, message("cannot resume: ", error.what()));
  }
  screen_.message(message("resumed at step ", progress_.step, " of ", max_steps_));
}

/// A step whose loss or gradient is not finite changes nothing. Too many in a row: say which op it came from, and stop.
void Run::handle_non_finite(const StepResult& result) {
  ++progress_.skipped;
  ++progress_.skipped_in_a_row;
  const std::string samples = join(result.ids, result.ids.size());
  screen_.message(message("step ", progress_.step + 1, ": the loss or its gradient is not finite; skipped (",
                          progress_.skipped_in_a_row, " in a row). Samples: ", samples));
  log_->skipped(progress_.step + 1, samples);
  if (progress_.skipped_in_a_row < config_.train.max_skipped) return;
  feed_.seek(progress_.step);
  const std::string where = learner_.first_bad_op(batches(), progress_.step);
  const nlohmann::ordered_json dump = {{"step", progress_.step + 1}, {"samples", result.ids}, {"first_bad_op", where}};
  folder_.write(message("non-finite-step-", progress_.step + 1, ".json"),
                dump.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  throw Exit(kNumbers,
             message(config_.train.max_skipped, " steps in a row were not finite; the first bad op: ", where));
}

/// What came of run.cuda_graph.
void Run::report_replays() {
  if (config_.run.cuda_graph == "off") return;
  const ReplayedPass* const replayed = learner_.replayed();
  if (replayed == nullptr) {
    screen_.message("run.cuda_graph: no step was replayed, only those of one batch of clips on a GPU can be");
  } else if (!replayed->obstacle().empty()) {
    screen_.message("run.cuda_graph: no step was replayed: " + replayed->obstacle());
  } else {
    screen_.message(message("run.cuda_graph: ", replayed->replays(), " of ", replayed->passes(),
                            " steps were replays; the recording has ", replayed->memory_bytes() >> 20, " MiB"));
  }
}

bool Run::evaluate_now() {
  const std::string out = progress_.step == max_steps_ ? folder_ / report::kRunEvaluations : "";
  const std::optional<Averages> averages = evaluate(config_, learner_, data_, out);
  if (!averages) return false;
  on_disk([&] { log_->evaluation(progress_.step, config_.data.eval_split, *averages); });
  if (config_.checkpoint.best.empty()) return false;
  const auto& entries = averages->entries();
  const bool known = std::any_of(entries.begin(), entries.end(),
                                 [&](const auto& entry) { return entry.name == config_.checkpoint.best; });
  if (!known) {
    save_checkpoint();  // what was trained until now is not lost to a word
    fail(ErrorCode::config, "checkpoint.best is \"", config_.checkpoint.best,
         "\", which this evaluation does not have; it has ", names_of(*averages),
         ". Set it to one of them; --resume auto goes on");
  }
  const double value = averages->mean(config_.checkpoint.best);
  const bool better = config_.checkpoint.best_mode == "max" ? value > progress_.best : value < progress_.best;
  if (progress_.best_step >= 0 && !better) return false;
  progress_.best = value;
  progress_.best_step = progress_.step;
  return true;
}

void Run::save_checkpoint() {
  RunState state;
  state.step = progress_.step;
  learner_.save_to(state);
  try {
    progress_.lengths = log_->sync();
    state.json = progress_.to_json();
    checkpoints_.save(state);
    checkpoints_.prune(config_.checkpoint.keep, {progress_.best_step});
  } catch (const Error& error) {
    // The old checkpoint is as it was; a full disk may have room again at the next one.
    screen_.message(message("the checkpoint of step ", progress_.step, " was NOT saved: ", error.what()));
  }
}

/// Other samples stood in for those; past data.max_bad the loader stops the run.
void Run::name_unreadable(const Loader& loader, std::set<std::int64_t>& named) {
  const BadSamples& bad = loader.bad_samples();
  if (bad.count() == std::ssize(named)) return;
  for (const auto& [row, entry] : bad.entries()) {
    if (named.insert(row).second) screen_.message("unreadable, replaced: " + entry.name + ": " + entry.reason);
  }
  screen_.message(message(bad.count(), " of ", bad.total(),
                          " samples unreadable until now (data.max_bad = ", config_.data.max_bad, ")"));
}

void Run::one_step() {
  const double lr = schedule_.lr(progress_.step);
  const StepResult result = learner_.step(batches(), progress_.step, lr);
  if (progress_.step == 0 && config_.train.check_grads) {
    const std::vector<std::string> idle = learner_.without_gradient();
    if (!idle.empty()) screen_.message("note: parameters that this task does not train: " + join(idle, 8));
  }
  if (result.finite) {
    progress_.averages.add(result.averages);
    progress_.skipped_in_a_row = 0;
  } else {
    handle_non_finite(result);
  }
  ++progress_.step;
  name_unreadable(data_.train(), unreadable_clips_);
  if (data_.images() != nullptr) name_unreadable(*data_.images(), unreadable_images_);
  screen_.bar(progress_.step, max_steps_);
  if (progress_.step % config_.log.every != 0 && progress_.step != max_steps_) return;
  on_disk([&] {
    log_->steps(progress_.step, progress_.averages, lr, result.norm.norm, progress_.skipped, feed_.take_wait());
  });
  progress_.averages.clear();
}

int Run::train() {
  screen_.message(message("training ", config_.train.task, ": ", data_.train().samples(), " samples, ",
                          learner_.parameters().numel(), " parameters, ", max_steps_, " steps of ",
                          config_.train.batch * config_.train.accumulate, " clips; ", folder_.path()));
  feed_.seek(progress_.step);
  if (options_.overfit_batch) {
    std::optional<Batch> images;
    if (feed_.has_images()) images = feed_.next(true);
    one_batch_ = std::make_unique<FixedBatches>(feed_.next(false), std::move(images));
  }
  log_->start(progress_.step);
  bool saved = progress_.step > 0;
  while (progress_.step < max_steps_ && stop_signal() == 0) {
    one_step();
    const auto due = [&](std::int64_t every) {
      return progress_.step == max_steps_ || (every > 0 && progress_.step % every == 0);
    };
    const auto pause = std::chrono::steady_clock::now();
    const bool best = due(eval_every_) && evaluate_now();
    saved = best || due(config_.checkpoint.every);
    if (saved) save_checkpoint();
    log_->leave_out(std::chrono::duration<double>(std::chrono::steady_clock::now() - pause).count());
  }
  if (const int signal = stop_signal(); signal != 0) {
    if (!saved) save_checkpoint();
    screen_.message(
        message("stopped by a signal at step ", progress_.step, " of ", max_steps_, "; --resume auto goes on"));
    return exit_code_of_signal(signal);
  }
  report_replays();
  const Learner::FinalWeights final_weights(learner_);
  on_disk([&] {
    save_safetensors(folder_ / "weights.safetensors", learner_.parameters().state(),
                     {{"format", "pt"}, {"step", message(progress_.step)}, {"task", config_.train.task}});
  });
  screen_.message(message("done: ", folder_ / "weights.safetensors"));
  if (progress_.best_step >= 0) {
    screen_.message(message("best ", config_.checkpoint.best, ": ", progress_.best, " at step ", progress_.best_step,
                            ", ", checkpoints_.path_of(progress_.best_step)));
  }
  screen_.message(report::draw_run_report(folder_.path()));
  return kOk;
}

}  // namespace

int train(TrainConfig& config, const TrainerOptions& options) {
  if (config.run.threads > 0) set_num_threads(config.run.threads);
  catch_stop_signals();
  make_output_folder(config.run.dir);
  try {
    Run run(config, choose_device(config.run.device), options);
    return run.train();
  } catch (const TooManyBadSamples& error) {
    throw Exit(kData, error.what());
  }
}

}  // namespace aio::apps
