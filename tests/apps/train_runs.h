#pragma once
// Runs of aio_train for tests: a small data set, a tiny model, the program as a child process.

#include <sys/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace aio::test {

/// One small data set for all cases: 48 clips to train on, 16 to evaluate on.
const std::string& data_set();

/// aio_train with `--resume auto`: a tiny model on the data set's part `task` for `steps` steps, in the folder `run`.
/// `more` are settings that override those.
std::vector<std::string> arguments(const std::string& task, const std::string& run, int steps,
                                   const std::vector<std::string>& more = {});

/// Starts a program; its stderr is appended to `log`, its stdout to `log`.out. It ignores SIGXFSZ: where a
/// test limits the size of its files, write() fails as on a full disk.
pid_t start(const std::vector<std::string>& arguments, const std::string& log);
/// The exit code, or 1000 + the signal that ended it.
int wait_for(pid_t child);
/// Both; shows the log if the code is not 0.
int run(const std::vector<std::string>& arguments, const std::string& log);

/// A run's weights with one element of `name` infinite.
void plant_infinity(const std::string& from, const std::string& to, const std::string& name);
/// Kills a pre-training run of 40 steps so many times, every other time while it writes a checkpoint, and lets it end;
/// checks that weights, optimizer and metrics are those of an unbroken run, byte for byte.
void check_killed_and_resumed(int kills);

/// The lines of a run's metrics.jsonl.
std::vector<nlohmann::json> metrics_of(const std::string& run_dir);

}  // namespace aio::test
