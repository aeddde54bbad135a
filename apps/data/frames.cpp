// aio_data frames FILE: the frames that sampling chooses from a video, and what the model would see of them, as
// tensors.

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "apps/data/commands.h"
#include "data/decode_service.h"
#include "data/frame_sampling.h"
#include "data/transforms.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

struct FramesOptions {
  MediaSource source;
  std::string mode = "uniform";
  std::int64_t count = 3;
  double start = 0;
  double end = 0;
  std::uint64_t seed = 0;
  int size = 0;
  bool reference = false;
  std::string out;
};

int frames(const FramesOptions& options) {
  DecodeRequest request;
  request.source = options.source;
  request.count = options.count;
  request.mode = parse_sample_mode(options.mode);
  request.key = RngKey{options.seed};
  request.compat = options.reference ? Compat::reference : Compat::fixed;
  request.start = options.start;
  request.end = options.end;
  DecodeService service;
  const DecodeResult result = service.decode(request);
  if (!result.ok()) throw Exit(kData, result.error);
  std::map<std::string, Tensor> tensors;
  tensors["frames"] = result.frames;
  tensors["indices"] = Tensor::from(result.indices, {static_cast<std::int64_t>(result.indices.size())});
  if (options.size > 0) tensors["pixels"] = eval_transform(result.frames, {options.size});
  save_safetensors(options.out, tensors);
  return kOk;
}

}  // namespace

void add_frames(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("frames", "decode the frames that sampling chooses into a safetensors file");
  auto options = std::make_shared<FramesOptions>();
  command->add_option("file", options->source.path, "a video, a picture or a folder of pictures")->required();
  command->add_option("--num", options->count, "how many frames")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--mode", options->mode, "uniform: the middle of each segment; random: anywhere in it")
      ->capture_default_str();
  command->add_option("--start", options->start, "first second of the clip")->check(CLI::NonNegativeNumber);
  command->add_option("--end", options->end, "where the clip ends, in seconds (default: with the file)");
  command->add_option("--seed", options->seed, "of --mode random")->capture_default_str();
  command->add_option("--compat", "reference: indices as the paper's code draws them")
      ->check(CLI::IsMember({"fixed", "reference"}))
      ->each([options](const std::string& value) { options->reference = value == "reference"; });
  command->add_option("--fps", options->source.fps, "pictures per second, if FILE is a folder of pictures")
      ->check(CLI::PositiveNumber);
  command->add_option("--out", options->out, "safetensors file: frames u8 [n, H, W, 3], indices i64 [n]")->required();
  command->add_option("--size", options->size, "also pixels f32 [n, 3, SIZE, SIZE], by the evaluation transform")
      ->check(CLI::PositiveNumber);
  command->callback([options, &action] { action = [options] { return frames(*options); }; });
}

}  // namespace aio::apps
