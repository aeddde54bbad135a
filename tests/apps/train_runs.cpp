#include "tests/apps/train_runs.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <thread>

#include "apps/common/xxh64.h"
#include "data/synthetic/dataset.h"
#include "tensor/random.h"
#include "tensor/safetensors.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::test {

namespace fs = std::filesystem;

const std::string& data_set() {
  static const test::TempDir dir;
  static const std::string path = [] {
    synthetic::DatasetOptions options;
    options.seed = 3;
    options.train = 48;
    options.val = 16;
    options.test = 16;
    options.size = 48;
    synthetic::write_dataset(dir / "set", options);
    return dir / "set";
  }();
  return path;
}

std::vector<std::string> arguments(const std::string& task, const std::string& run, int steps,
                                   const std::vector<std::string>& more) {
  std::vector<std::string> all = {AIO_BIN "/aio_train", "--resume", "auto"};
  std::vector<std::string> settings = {"model.size=demo",
                                       "model.hidden_size=16",
                                       "model.heads=2",
                                       "model.layers=2",
                                       "data.video_recipe=whole",
                                       "train.batch=8",
                                       "optim.lr=3e-3",
                                       "optim.warmup=2",
                                       "log.every=5",
                                       "checkpoint.every=4",
                                       "data.cache_mib=64",
                                       "model.dropout=0.1",
                                       "train.ema=0.9",
                                       "run.seed=5",
                                       "log.tensorboard=false",
                                       "run.threads=2",
                                       "loss.wpa=0",
                                       "eval.every=10",
                                       "data.train=[\"" + data_set() + "/" + task + "\"]",
                                       "train.task=" + task,
                                       "train.max_steps=" + std::to_string(steps),
                                       "run.dir=" + run};
  settings.insert(settings.end(), more.begin(), more.end());
  for (const std::string& setting : settings) {
    all.emplace_back("--set");
    all.push_back(setting);
  }
  return all;
}

pid_t start(const std::vector<std::string>& arguments, const std::string& log) {
  const pid_t child = fork();
  if (child != 0) return child;
  const auto append_to = [](const std::string& path, int descriptor) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(99);
  };
  append_to(log, STDERR_FILENO);
  append_to(log + ".out", STDOUT_FILENO);
  signal(SIGXFSZ, SIG_IGN);
  std::vector<char*> list;
  for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
  list.push_back(nullptr);
  execv(list[0], list.data());
  _exit(98);
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void plant_infinity(const std::string& from, const std::string& to, const std::string& name) {
  std::map<std::string, Tensor> weights = load_safetensors(from);
  REQUIRE(weights.count(name) == 1);
  std::vector<float> values = weights.at(name).to_vector<float>();
  values[0] = std::numeric_limits<float>::infinity();
  weights.at(name) = Tensor::from(values, weights.at(name).shape());
  save_safetensors(to, weights);
}

int run(const std::vector<std::string>& arguments, const std::string& log) {
  const int code = wait_for(start(arguments, log));
  if (code != 0) MESSAGE(read_text_file(log));
  return code;
}

namespace {

using Clock = std::chrono::steady_clock;

bool has_ended(pid_t child) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

/// Waits until `child` begins to write its `nth` checkpoint into `folder`; false if it ends before. The kernel tells:
/// writing takes a millisecond, in which a look at the folder now and then sees nothing.
bool wait_for_writing(pid_t child, const std::string& folder, int nth) {
  const int events = inotify_init1(IN_CLOEXEC);
  while (inotify_add_watch(events, folder.c_str(), IN_CREATE) < 0 && !has_ended(child)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  int begun = 0;
  pollfd wait{events, POLLIN, 0};
  while (begun < nth && (poll(&wait, 1, 10) > 0 || !has_ended(child))) {
    if ((wait.revents & POLLIN) == 0) continue;
    alignas(inotify_event) char buffer[4096];
    const ssize_t bytes = read(events, buffer, sizeof buffer);
    for (ssize_t at = 0; at < bytes;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      begun += std::string_view(event->name).starts_with(".partial-") ? 1 : 0;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  close(events);
  return begun >= nth;
}

}  // namespace

void check_killed_and_resumed(int kills) {
  const TempDir dir;
  const int steps = 40;
  const std::vector<std::string> more = {"checkpoint.every=1"};
  const std::vector<std::string> unbroken = arguments("pretrain", dir / "whole", steps, more);  // makes the data set
  const auto started = Clock::now();
  REQUIRE(run(unbroken, dir / "log") == 0);
  const std::chrono::duration<double> whole = Clock::now() - started;
  const std::vector<double> moments =
      uniform({kills}, 0.05, 0.9, RngKey{11}, {DType::f64, Device{}}).to_vector<double>();
  int half_written = 0;
  for (int i = 0; i < kills; ++i) {
    const pid_t child = start(arguments("pretrain", dir / "killed", steps, more), dir / "log");
    const double moment = moments[static_cast<std::size_t>(i)];
    if (i < kills / 2) {  // as it begins to write, or up to a millisecond after that
      CHECK(wait_for_writing(child, dir / "killed/checkpoints", 1 + i % 3));
      if (i > 0) std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(moment));
    } else {
      const auto until = Clock::now() + whole * moment;
      while (Clock::now() < until && !has_ended(child)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, SIGKILL);
    wait_for(child);
    std::error_code none_yet;
    for (const auto& entry : fs::directory_iterator(dir / "killed/checkpoints", none_yet)) {
      half_written += entry.path().filename().string().starts_with(".partial-") ? 1 : 0;
    }
  }
  MESSAGE(kills << " kills, after " << half_written << " of them a checkpoint was half written");
  CHECK(half_written > 0);
  REQUIRE(run(arguments("pretrain", dir / "killed", steps, more), dir / "log") == 0);
  for (const char* name : {"weights.safetensors", "metrics.jsonl", "checkpoints/step-000040/weights.safetensors",
                           "checkpoints/step-000040/training.safetensors"}) {
    INFO(name);
    CHECK(apps::xxh64_file(dir / "whole" + "/" + name) == apps::xxh64_file(dir / "killed" + "/" + name));
  }
  // What killed writers left is gone.
  for (const auto& entry : fs::directory_iterator(dir / "killed/checkpoints")) {
    CHECK(entry.path().filename().string().rfind("step-", 0) == 0);
  }
}

std::vector<nlohmann::json> metrics_of(const std::string& run_dir) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(run_dir + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace aio::test
