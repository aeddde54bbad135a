// aio_model summary: what a model consists of and what a video costs, without building it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/model/commands.h"
#include "models/complexity.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

using namespace aio::models;

struct SummaryOptions {
  std::string size = "b";
  std::string roll = "roll";
  std::int64_t frames = 3;
  std::int64_t text = -1;  // the size's text length
  std::int64_t image = 0;  // the size's
  std::int64_t patch = 0;
  std::int64_t batch = 1;
  bool distilled = false;
  bool contrastive = false;
  bool recompute = false;
  bool json = false;
};

AioConfig configured(const SummaryOptions& options) {
  AioConfig config = config_for_size(options.size);
  config.frames = options.frames;
  if (options.image > 0) config.image_size = options.image;
  if (options.patch > 0) config.patch_size = options.patch;
  config.max_text_len = std::max(config.max_text_len, options.text);
  config.distilled = options.distilled;
  config.recompute = options.recompute;
  config.roll.kind = parse_roll_kind(options.roll);
  config.head.contrastive = options.contrastive;  // the paper's sizes are those of MLM and VTM
  config.validate();
  return config;
}

struct Summary {
  AioConfig config;
  PassSize pass;
  std::vector<ModuleParameters> modules;
  std::int64_t parameters, without_decoder;
  Macs joint, video_only;
  std::int64_t mlm_head;
  ActivationMemory memory;
};

Summary summarize(const SummaryOptions& options) {
  Summary s;
  s.config = configured(options);
  s.pass = {options.frames, options.text >= 0 ? options.text : s.config.max_text_len};
  s.modules = count_parameters(s.config);
  s.parameters = total_parameters(s.config);
  s.without_decoder = s.parameters - mlm_decoder_parameters(s.config);
  s.joint = count_macs(s.config, s.pass);
  s.video_only = count_macs(s.config, {options.frames, 0});
  s.mlm_head = mlm_head_macs(s.config, s.pass.text);
  s.memory = activation_memory(s.config, s.pass, options.batch);
  return s;
}

nlohmann::ordered_json to_json(const Summary& s, const SummaryOptions& options) {
  nlohmann::ordered_json modules;
  for (const ModuleParameters& module : s.modules) modules[module.name] = module.count;
  return {{"size", options.size},
          {"hidden_size", s.config.hidden_size},
          {"heads", s.config.heads},
          {"layers", s.config.layers},
          {"frames", s.pass.frames},
          {"text", s.pass.text},
          {"image_size", s.config.image_size},
          {"patch_size", s.config.patch_size},
          {"visual_tokens", s.config.visual_tokens()},
          {"distilled", s.config.distilled},
          {"roll", to_string(s.config.roll.kind)},
          {"parameters", s.parameters},
          {"parameters_without_mlm_decoder", s.without_decoder},
          {"modules", modules},
          {"macs_per_video", s.joint.total()},
          {"macs",
           {{"patches", s.joint.patches},
            {"linear", s.joint.linear},
            {"attention", s.joint.attention},
            {"pooler", s.joint.pooler}}},
          {"macs_with_mlm_head", s.joint.total() + s.mlm_head},
          {"macs_video_only", s.video_only.total()},
          {"flops_per_video", 2 * s.joint.total()},
          {"activation_bytes",
           {{"batch", options.batch},
            {"kept", s.memory.kept},
            {"transient", s.memory.transient},
            {"total", s.memory.total()}}}};
}

double millions(std::int64_t count) { return static_cast<double>(count) / 1e6; }
double billions(std::int64_t count) { return static_cast<double>(count) / 1e9; }
double mebibytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1024 * 1024); }

void print(const Summary& s, const SummaryOptions& options) {
  std::printf("All-in-one-%s: %lld wide, %d heads, %d layers; %lld frames of %lld x %lld, patches of %lld: ",
              options.size.c_str(), static_cast<long long>(s.config.hidden_size), s.config.heads, s.config.layers,
              static_cast<long long>(s.pass.frames), static_cast<long long>(s.config.image_size),
              static_cast<long long>(s.config.image_size), static_cast<long long>(s.config.patch_size));
  std::printf("%lld visual tokens a frame; %lld text tokens; roll %s\n\n",
              static_cast<long long>(s.config.visual_tokens()), static_cast<long long>(s.pass.text),
              std::string(to_string(s.config.roll.kind)).c_str());

  for (const ModuleParameters& module : s.modules) {
    std::printf("  %-24s %12lld\n", module.name.c_str(), static_cast<long long>(module.count));
  }
  std::printf("  %-24s %12.3f M parameters\n", "all", millions(s.parameters));
  std::printf("  %-24s %12.3f M (as the paper's Table 1: 12, 33, 110 M)\n\n", "without MLM decoder",
              millions(s.without_decoder));

  std::printf("  %-24s %12.3f G (patches %.3f, linear %.3f, attention %.3f)\n", "multiply-adds, joint",
              billions(s.joint.total()), billions(s.joint.patches), billions(s.joint.linear),
              billions(s.joint.attention));
  std::printf("  %-24s %12.3f G\n", "  with the MLM head", billions(s.joint.total() + s.mlm_head));
  std::printf("  %-24s %12.3f G\n", "video alone", billions(s.video_only.total()));
  const std::int64_t table = count_macs(s.config, {s.pass.frames, 20}).total() + mlm_head_macs(s.config, 20);
  std::printf("  %-24s %12.3f G (20 text tokens and the MLM head on them: B's 58.7 \"GFLOPs\")\n",
              "as the paper's Table 1", billions(table));
  std::printf(
      "  Counted for one video: the patch projection, all linear layers of the blocks, both products of attention and\n"
      "  the pooler; each multiply-add once (in FLOPs twice). Not counted: norms, softmax, GELU, sums.\n\n");

  std::printf("  %-24s %12.1f MiB kept for backward + %.1f MiB while it runs, batch %lld, f32\n", "activations",
              mebibytes(s.memory.kept), mebibytes(s.memory.transient), static_cast<long long>(options.batch));
  std::printf(
      "  Counted: the blocks of one joint pass. Not counted: parameters, gradients, optimizer, pixels, embeddings, "
      "heads.\n");
}

int summary(const SummaryOptions& options) {
  const Summary s = summarize(options);
  if (options.json) {
    std::printf("%s\n", to_json(s, options).dump().c_str());
  } else {
    print(s, options);
  }
  return kOk;
}

}  // namespace

void add_summary(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("summary", "parameters, multiply-adds a video, activations' memory");
  auto options = std::make_shared<SummaryOptions>();
  command->add_option("--size", options->size, "ti, s, b, micro or demo")->capture_default_str();
  command->add_option("--frames", options->frames, "frames a video")->capture_default_str()->check(CLI::Range(1, 4096));
  command->add_option("--text", options->text, "text tokens; 0: the video alone (default: the size's limit)")
      ->check(CLI::Range(0, 65536));
  command->add_option("--image", options->image, "pixels a side (default: the size's)")->check(CLI::Range(1, 16384));
  command->add_option("--patch", options->patch, "pixels of a patch's side (default: 16)")->check(CLI::Range(1, 1024));
  command->add_option("--batch", options->batch, "videos a step, for the memory")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  command->add_option("--roll", options->roll, "roll, none, flatten, time_average, ...")->capture_default_str();
  command->add_flag("--distilled", options->distilled, "a DeiT backbone with distillation token");
  command->add_flag("--contrastive", options->contrastive, "count the contrastive projections too");
  command->add_flag("--recompute", options->recompute, "keep only the blocks' inputs for backward");
  command->add_flag("--json", options->json, "one JSON document on standard output");
  command->callback([options, &action] { action = [options] { return summary(*options); }; });
}

}  // namespace aio::apps
