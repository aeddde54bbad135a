#pragma once
// The commands of aio_model: each adds its subcommand and options to `app` and, when chosen, sets `action`.

#include "apps/common/app.h"

namespace aio::apps {

void add_inspect(CLI::App& app, Action& action);
void add_convert(CLI::App& app, Action& action);
void add_summary(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);

}  // namespace aio::apps
