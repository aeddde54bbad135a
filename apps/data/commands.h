#pragma once
// The commands of aio_data: each adds its subcommand and options to `app` and, when chosen, sets `action`.

#include "apps/common/app.h"

namespace aio::apps {

void add_check(CLI::App& app, Action& action);
void add_convert_dataset(CLI::App& app, Action& action);
void add_frames(CLI::App& app, Action& action);
void add_pack(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);
void add_stats(CLI::App& app, Action& action);
void add_synth(CLI::App& app, Action& action);
void add_tokenize(CLI::App& app, Action& action);
void add_vocab(CLI::App& app, Action& action);

}  // namespace aio::apps
