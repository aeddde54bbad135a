#pragma once
// The commands of aio_visualize: each adds its subcommand and options to `app` and, when chosen, sets `action`.

#include "apps/common/app.h"

namespace aio::apps {

void add_attention(CLI::App& app, Action& action);
void add_cloze(CLI::App& app, Action& action);

}  // namespace aio::apps
