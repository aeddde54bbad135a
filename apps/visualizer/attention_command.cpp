// aio_visualize attention: where in a video the words of a sentence look, by token position (the paper's figure 4) and
// by place in the frames.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/common/output.h"
#include "apps/visualizer/attention_map.h"
#include "apps/visualizer/commands.h"
#include "apps/visualizer/density_chart.h"
#include "apps/visualizer/heat_map.h"
#include "apps/visualizer/page.h"
#include "apps/visualizer/token_home.h"
#include "autograd/ops.h"
#include "data/image_writer.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

struct Options {
  SubjectOptions subject;
  std::string baseline;
  double threshold = 0.5;
  bool json = false;
};

/// What one model has to show.
struct Shown {
  std::string name;
  DensityCurve curve;
  double on_video = 0, rolled = 0, own = 0;  ///< densities of slots whose tokens come from elsewhere, and of others
  Tensor frames;                             ///< [T, S, S, 3], heat over them
};

Shown look(const SubjectOptions& options, double threshold) {
  const Subject subject(options);
  const TextAttention attention = text_attention(subject);
  const std::int64_t prefix = subject.model().config.prefix_tokens();
  const std::vector<std::int64_t> arrives =
      rolled_slots(subject.model().config, subject.frame_count(), std::ssize(attention.by_slot));
  Shown shown;
  shown.name = options.model.checkpoint;
  shown.on_video = attention.on_video;
  shown.curve.title = "roll = " + std::string(models::to_string(subject.model().config.roll.kind));
  double sum = 0;
  for (std::size_t slot = static_cast<std::size_t>(prefix); slot < attention.by_slot.size(); ++slot) {
    sum += attention.by_slot[slot];
  }
  const double mean = sum / static_cast<double>(std::ssize(attention.by_slot) - prefix);
  double moved = 0;
  for (std::size_t slot = static_cast<std::size_t>(prefix); slot < attention.by_slot.size(); ++slot) {
    const double density = attention.by_slot[slot] / mean;
    shown.curve.density.push_back(density);
    shown.curve.arrives.push_back(arrives[slot]);
    (arrives[slot] != 0 ? shown.rolled : shown.own) += density;
    moved += arrives[slot] != 0 ? 1 : 0;
  }
  if (moved > 0) shown.rolled /= moved;
  shown.own /= static_cast<double>(shown.curve.density.size()) - moved;
  // Every patch gets some attention; what is more than the least of them is shown.
  std::vector<double> heat = attention.by_patch;
  const double least = *std::min_element(heat.begin(), heat.end());
  for (double& value : heat) value -= least;
  shown.frames = heat_overlay(subject.pictures, heat, threshold);
  return shown;
}

int run(const Options& options) {
  make_output_folder(options.subject.out);
  std::vector<Shown> models{look(options.subject, options.threshold)};
  if (!options.baseline.empty()) {
    SubjectOptions second = options.subject;
    second.model.checkpoint = options.baseline;
    second.model.config.clear();
    second.model.roll.clear();
    models.push_back(look(second, options.threshold));
  }
  const std::filesystem::path out(options.subject.out);
  std::vector<DensityCurve> curves;
  std::vector<PictureRow> rows;
  ordered_json list = ordered_json::array();
  for (const Shown& shown : models) {
    curves.push_back(shown.curve);
    rows.push_back({shown.curve.title, shown.name, shown.frames});
    list.push_back({{"checkpoint", shown.name},
                    {"attention_on_video", shown.on_video},
                    {"density_rolled", shown.rolled},
                    {"density_own", shown.own},
                    {"density", shown.curve.density}});
  }
  const Tensor chart = density_chart(curves);
  write_png((out / "density.png").string(), chart);
  write_png((out / "frames.png").string(), sheet_of(rows));
  Page page("Where words look: " + options.subject.text);
  page.text(
      "Attention of the words to the tokens of the video, mean over words, heads and blocks; " +
      std::string("1 is the mean position. Coloured positions hold tokens that rolling took from another frame."));
  page.picture(chart, 900);
  page.rows(rows);
  page.write((out / "index.html").string());

  if (options.json) {
    std::printf("%s\n", ordered_json{{"out", options.subject.out}, {"models", list}}
                            .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                            .c_str());
    return kOk;
  }
  for (const Shown& shown : models) {
    std::printf(
        "%-28s %4.1f %% of the words' attention is on the video; density %.2f where tokens were rolled in, %.2f "
        "elsewhere\n",
        shown.curve.title.c_str(), 100 * shown.on_video, shown.rolled, shown.own);
  }
  std::printf("written to %s\n", options.subject.out.c_str());
  return kOk;
}

}  // namespace

void add_attention(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("attention", "where in a video the words of a sentence look");
  options->subject.add_to(*command);
  command->add_option("--baseline", options->baseline, "a second model, for instance one without rolling")
      ->check(CLI::ExistingPath);
  command->add_option("--threshold", options->threshold, "heat is shown from this share of the largest on")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
