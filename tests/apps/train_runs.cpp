#include "tests/apps/train_runs.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/synthetic/dataset.h"
#include "tests/temp_dir.h"

namespace aio::test {

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

std::string read_file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

int run(const std::vector<std::string>& arguments, const std::string& log) {
  const int code = wait_for(start(arguments, log));
  if (code != 0) MESSAGE(read_file(log));
  return code;
}

std::vector<nlohmann::json> metrics_of(const std::string& run_dir) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(run_dir + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace aio::test
