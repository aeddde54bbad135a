// aio_data synth: the embedded data set, made from a seed.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/data/commands.h"
#include "data/image_writer.h"
#include "data/synthetic/dataset.h"
#include "data/synthetic/preview.h"
#include "tensor/parallel.h"

namespace aio::apps {
namespace {

struct SynthOptions {
  synthetic::DatasetOptions dataset;
  std::string out;
  std::string preview;
  int threads = 0;
  bool json = false;
};

int synth(const SynthOptions& options) {
  if (options.out.empty() && options.preview.empty())
    throw Exit(kUsage, "synth: give --out DIR, --preview FILE or both");
  if (options.threads > 0) set_num_threads(options.threads);
  if (!options.preview.empty()) write_png(options.preview, synthetic::preview(options.dataset));
  if (options.out.empty()) return kOk;

  const auto start = std::chrono::steady_clock::now();
  const synthetic::DatasetSummary summary = synthetic::write_dataset(options.out, options.dataset);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (options.json) {
    const nlohmann::ordered_json json{{"out", options.out},
                                      {"seed", options.dataset.seed},
                                      {"clips", summary.clips},
                                      {"bytes", summary.bytes},
                                      {"seconds", seconds}};
    std::printf("%s\n", json.dump().c_str());
  } else {
    std::printf("%s: %lld clips, %.1f MB, %.1f s\n", options.out.c_str(), static_cast<long long>(summary.clips),
                static_cast<double>(summary.bytes) * 1e-6, seconds);
  }
  return kOk;
}

}  // namespace

void add_synth(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("synth", "make the embedded data set: moving shapes, with text for every task");
  auto options = std::make_shared<SynthOptions>();
  synthetic::DatasetOptions& dataset = options->dataset;
  command->add_option("--out", options->out, "folder to write, empty or not there yet");
  command->add_option("--preview", options->preview, "PNG file: one clip of each motion, frame by frame");
  command->add_option("--seed", dataset.seed, "everything is drawn from it")->capture_default_str();
  command->add_option("--train", dataset.train, "clips to train on")->capture_default_str();
  command->add_option("--val", dataset.val, "clips to choose a model by")->capture_default_str();
  command->add_option("--test", dataset.test, "clips to test on")->capture_default_str();
  command->add_option("--size", dataset.size, "side of the clips in pixels")->capture_default_str();
  command
      ->add_option("--backgrounds", dataset.scenes.backgrounds,
                   "1 plain, 2 striped too, 3 checkered too: makes motion harder to learn")
      ->capture_default_str();
  command->add_option("--second-shape", dataset.scenes.second_shape, "probability of a small second shape")
      ->capture_default_str();
  command->add_option("--jitter", dataset.scenes.jitter, "of place, size and phase, 0 to 1")->capture_default_str();
  command->add_option("--threads", options->threads, "default: as many as the process may use")
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options, &action] { action = [options] { return synth(*options); }; });
}

}  // namespace aio::apps
