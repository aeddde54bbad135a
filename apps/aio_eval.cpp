// aio_eval: how good a model is. One file a task in apps/evaluator/.
//
// Exit codes: apps/common/app.h; what is wrong with data ends with 3, with weights with 4.

#include <CLI/CLI.hpp>

#include "apps/evaluator/commands.h"

int main(int argc, char** argv) {
  using namespace aio::apps;
  CLI::App app{"Evaluates models on data sets, by the paper's protocols.", "aio_eval"};
  app.require_subcommand(1);
  Action action;
  add_eval_tasks(app, action);
  add_score_captions(app, action);
  add_score_retrieval(app, action);
  return run_app(app, argc, argv, action, kData);
}
