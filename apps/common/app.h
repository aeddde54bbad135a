#pragma once
// What every program shares: its exit codes, and how an exception becomes one line on stderr and a code.

#include <functional>
#include <stdexcept>
#include <string>

namespace CLI {
class App;
}

namespace aio::apps {

/// Exit codes of every program. Signals add 128: 130 and 143.
enum ExitCode : int {
  kOk = 0,
  kCheckFailed = 1,
  kUsage = 2,    ///< command line or configuration
  kData = 3,     ///< data sets, videos, text
  kWeights = 4,  ///< checkpoints
  kNumbers = 5,  ///< not finite
  kSystem = 6,   ///< memory, disk, device
};

/// Thrown to leave with this code and message; run_app() prints "program: message".
class Exit : public std::runtime_error {
 public:
  Exit(ExitCode exit_code, const std::string& message) : std::runtime_error(message), code(exit_code) {}
  ExitCode code;
};

/// What the command line asked for: a subcommand's callback sets it, run_app() runs it once parsing is over.
using Action = std::function<int()>;

/// Parses the command line, runs `action` and returns the exit code. An aio::Error ends with kUsage (config), kSystem
/// (oom, device, cuda, blas) or, for all others, `default_code`; what CLI11 refuses with kUsage.
int run_app(CLI::App& app, int argc, char** argv, const Action& action, ExitCode default_code);

}  // namespace aio::apps
