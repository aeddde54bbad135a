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

/// Starts a program; its stderr is appended to `log`, its stdout to `log`.out.
pid_t start(const std::vector<std::string>& arguments, const std::string& log);
/// The exit code, or 1000 + the signal that ended it.
int wait_for(pid_t child);
/// Both; shows the log if the code is not 0.
int run(const std::vector<std::string>& arguments, const std::string& log);

std::string read_file(const std::string& path);
/// The lines of a run's metrics.jsonl.
std::vector<nlohmann::json> metrics_of(const std::string& run_dir);

}  // namespace aio::test
