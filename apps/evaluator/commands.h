#pragma once
// The commands of aio_eval: each adds its subcommands and options to `app` and, when chosen, sets `action`.

#include "apps/common/app.h"

namespace aio::apps {

/// A subcommand for each of eval_tasks().
void add_eval_tasks(CLI::App& app, Action& action);
void add_score_captions(CLI::App& app, Action& action);
void add_score_retrieval(CLI::App& app, Action& action);

}  // namespace aio::apps
