// aio_data: videos, images and text into what the model reads. One file a command in apps/data/.
//
// Exit codes: apps/common/app.h; what is wrong with data ends with 3.

#include <CLI/CLI.hpp>

#include "apps/data/commands.h"

int main(int argc, char** argv) {
  using namespace aio::apps;
  CLI::App app{"Makes, checks, converts and shows data sets.", "aio_data"};
  app.require_subcommand(1);
  Action action;
  add_check(app, action);
  add_convert_dataset(app, action);
  add_frames(app, action);
  add_pack(app, action);
  add_show(app, action);
  add_stats(app, action);
  add_synth(app, action);
  add_tokenize(app, action);
  add_vocab(app, action);
  return run_app(app, argc, argv, action, kData);
}
