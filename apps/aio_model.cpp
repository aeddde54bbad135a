// aio_model: looks at models and checkpoints. One file a command in apps/model/.
//
// Exit codes: apps/common/app.h; what is wrong with a checkpoint ends with 4.

#include <CLI/CLI.hpp>

#include "apps/model/commands.h"

int main(int argc, char** argv) {
  using namespace aio::apps;
  CLI::App app{"Summarises models; inspects, converts and verifies checkpoints.", "aio_model"};
  app.require_subcommand(1);
  Action action;
  add_inspect(app, action);
  add_convert(app, action);
  add_summary(app, action);
  add_verify(app, action);
  return run_app(app, argc, argv, action, kWeights);
}
