// aio_visualize: pictures of what a model does with a video and a sentence. One file a command in apps/visualizer/.
//
// Exit codes: apps/common/app.h; what is wrong with the video or the sentence ends with 3.

#include <CLI/CLI.hpp>

#include "apps/visualizer/commands.h"

int main(int argc, char** argv) {
  using namespace aio::apps;
  CLI::App app{"Draws what a model does with a video and a sentence.", "aio_visualize"};
  app.require_subcommand(1);
  Action action;
  add_attention(app, action);
  add_cloze(app, action);
  return run_app(app, argc, argv, action, kData);
}
