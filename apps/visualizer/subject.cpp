#include "apps/visualizer/subject.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "apps/common/app.h"
#include "autograd/ops.h"
#include "data/decode_service.h"
#include "data/manifest.h"
#include "data/transforms.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

std::unique_ptr<WordPiece> open_vocabulary(const SubjectOptions& options, const ModelFile& file) {
  const std::string path = options.vocab.empty() ? file.vocabulary() : options.vocab;
  check(!path.empty(), ErrorCode::config, file.weights_path,
        ": the vocabulary of its texts is not known: pass --vocab vocab.txt");
  auto tokenizer = std::make_unique<WordPiece>(WordPiece::load(path));
  check(tokenizer->size() == file.model->config.vocab_size, ErrorCode::config, path, ": has ", tokenizer->size(),
        " tokens, the weights are for ", file.model->config.vocab_size);
  return tokenizer;
}

/// The run's way from frames to pixels; its data set may have constants of its own.
VideoTransform transform_of(const ModelFile& file) {
  VideoTransform transform;
  transform.size = static_cast<int>(file.model->config.image_size);
  if (file.settings.data.video_recipe == "whole") transform.recipe = VideoRecipe::whole;
  if (file.settings.data.video_recipe == "augmented") transform.recipe = VideoRecipe::augmented;
  // The training data may be long gone; then the recipe's own constants are the best guess.
  const std::vector<std::string>& sets = file.settings.data.train;
  if (!sets.empty() && std::filesystem::exists(std::filesystem::path(sets.front()) / "dataset.json")) {
    transform.normalization = read_dataset_info(sets.front()).normalization;
  }
  return transform;
}

Tensor decode(const SubjectOptions& options, std::int64_t frames, const VideoTransform& transform) {
  DecodeRequest request;
  request.source.path = options.video;
  request.count = frames;
  request.start = options.start;
  request.end = options.end;
  if (transform.recipe == VideoRecipe::whole) request.size = {transform.size, transform.size};
  DecodeService service;
  const DecodeResult result = service.decode(request);
  if (!result.ok()) throw Exit(kData, result.error);
  return result.frames;
}

}  // namespace

void SubjectOptions::add_to(CLI::App& command) {
  command.add_option("--checkpoint", model.checkpoint, "a run's folder, or its weights.safetensors, or .ckpt, .pth")
      ->required()
      ->check(CLI::ExistingPath);
  command.add_option("--video", video, "any video, GIF, picture or folder of pictures")
      ->required()
      ->check(CLI::ExistingPath);
  command.add_option("--text", text, "a sentence about it")->required();
  command.add_option("--out", out, "folder for the pictures and index.html")->required();
  command.add_option("--start", start, "first second of the clip")->check(CLI::NonNegativeNumber);
  command.add_option("--end", end, "where the clip ends, in seconds (default: with the file)");
  command.add_option("--config", model.config, "the run's config.toml (default: that beside the weights)")
      ->check(CLI::ExistingFile);
  command.add_option("--size", model.size, "of a model without config.toml: ti, s, b, ...");
  command.add_option("--roll", model.roll, "in place of the configuration's");
  command.add_option("--frames", model.frames, "in place of the configuration's")->check(CLI::Range(1, 64));
  command.add_option("--device", model.device, "that computes: cpu, cuda, cuda:N, or auto: a GPU if there is one")
      ->capture_default_str();
  command.add_option("--vocab", vocab, "WordPiece vocabulary (default: that of the run's data)")
      ->check(CLI::ExistingFile);
}

Subject::Subject(const SubjectOptions& options) : file(options.model), tokenizer(open_vocabulary(options, file)) {
  const models::AioConfig& config = file.model->config;
  const models::RollKind kind = config.roll.kind;
  check(kind != models::RollKind::flatten && kind != models::RollKind::time_average, ErrorCode::config,
        file.weights_path, ": roll kind ", models::to_string(kind), " joins the frames, so that no token has a frame");
  const VideoTransform transform = transform_of(file);
  const std::int64_t count = options.model.frames > 0 ? options.model.frames : config.frames;
  const Tensor pixels = eval_transform(decode(options, count, transform), transform);
  pictures = denormalize(pixels, transform.normalization.value_or(normalization(transform)));
  frames = unsqueeze(pixels, 0);
  ids = tokenizer->encode(options.text, static_cast<std::size_t>(config.max_text_len));
  words = words_of(ids, *tokenizer);
  check(!words.empty(), ErrorCode::value, "--text has no word");
}

models::TextBatch Subject::text(const std::vector<std::int64_t>& tokens) const {
  const Shape shape{1, static_cast<std::int64_t>(tokens.size())};
  return {Tensor::from(tokens, shape), Tensor::from(std::vector<std::int64_t>(tokens.size(), 1), shape)};
}

}  // namespace aio::apps
