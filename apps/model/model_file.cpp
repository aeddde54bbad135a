#include "apps/model/model_file.h"

#include <algorithm>
#include <filesystem>

#include "apps/common/app.h"
#include "apps/common/device.h"
#include "apps/model/weights_config.h"
#include "data/manifest.h"
#include "models/checkpoint/load.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

namespace fs = std::filesystem;

std::string find_weights(const std::string& path) {
  if (!fs::is_directory(path)) return path;
  const fs::path weights = fs::path(path) / "weights.safetensors";
  if (fs::exists(weights)) return weights.string();
  std::string text = path + ": has no weights.safetensors, which a run has at its end";
  std::string newest;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(fs::path(path) / "checkpoints", none)) {
    if (entry.path().filename().string().starts_with("step-")) newest = std::max(newest, entry.path().string());
  }
  if (!newest.empty()) text += "; its newest checkpoint is " + newest;
  throw Exit(kWeights, text);
}

/// RUN/weights.safetensors has it beside it, RUN/checkpoints/step-000100/weights.safetensors two folders above.
std::string find_config(const std::string& weights) {
  fs::path folder = fs::absolute(weights).parent_path();
  for (int level = 0; level < 3; ++level, folder = folder.parent_path()) {
    if (fs::is_regular_file(folder / "config.toml")) return (folder / "config.toml").string();
  }
  return {};
}

/// The paper's sizes have heads of 64.
std::string size_of_width(std::int64_t width) {
  switch (width) {
    case 192: return "ti";
    case 384: return "s";
    case 768: return "b";
    default: return {};
  }
}

WeightShapes shapes_of(const weights::Checkpoint& checkpoint) {
  WeightShapes shapes;
  for (const auto& [name, tensor] : weights::map_names(checkpoint, {}).tensors) {
    shapes[name] = {tensor->shape.begin(), tensor->shape.end()};
  }
  return shapes;
}

void load_settings(TrainConfig& settings, const ModelFileOptions& options, const std::string& config_path,
                   const WeightShapes& shapes) {
  std::vector<std::string> files, assignments;
  if (!config_path.empty()) {
    files.push_back(config_path);
  } else {
    std::string size = options.size;
    if (const auto cls = shapes.find("transformer.cls_token"); size.empty() && cls != shapes.end()) {
      size = size_of_width(cls->second.back());
    }
    check(!size.empty(), ErrorCode::config, options.checkpoint,
          ": there is no config.toml beside it, and weights do not tell the number of attention heads: pass --size or "
          "--config");
    assignments.push_back("model.size=" + size);
  }
  if (!options.roll.empty()) assignments.push_back("model.roll=" + options.roll);
  assignments.insert(assignments.end(), options.assignments.begin(), options.assignments.end());
  settings.load(files, assignments);
}

}  // namespace

ModelFile::ModelFile(const ModelFileOptions& options) : weights_path(find_weights(options.checkpoint)) {
  const Device device = choose_device(options.device);
  config_path = options.config.empty() && options.size.empty() ? find_config(weights_path) : options.config;
  try {
    const weights::Checkpoint checkpoint = weights::open_checkpoint(weights_path);
    const WeightShapes shapes = shapes_of(checkpoint);
    load_settings(settings, options, config_path, shapes);
    models::AioConfig known = settings.model.config;
    known.image_size = 0;  // as the weights say
    known.roll.seed = known.shuffle_seed = static_cast<std::uint64_t>(settings.run.seed);
    models::AioConfig config = config_of_weights(shapes, known);
    config.frames = std::max(config.frames, options.frames);
    settings.model.config = config;
    store = std::make_unique<nn::ParamStore>(0, TensorOptions{DType::f32, device}, nn::ParamStore::Values::deferred);
    model = std::make_unique<models::AllInOne>(*store, config);
    weights::AdaptOptions adapt;
    adapt.resize_temporal = true;  // only ever to as many frames as were asked for
    adapt.required = {""};         // the heads are those of the file: none may stay random
    summary = weights::load_checkpoint(*store, checkpoint, adapt);
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    if (code == ErrorCode::config || code == ErrorCode::oom || code == ErrorCode::cuda) throw;
    throw Exit(kWeights, error.what());
  }
}

std::string ModelFile::vocabulary() const {
  const fs::path own = fs::path(config_path).parent_path() / "vocab.txt";
  if (!config_path.empty() && fs::is_regular_file(own)) return own.string();
  const DataSettings& data = settings.data;
  if (!data.vocab.empty()) return fs::is_regular_file(data.vocab) ? data.vocab : "";
  return data.train.empty() ? "" : find_vocabulary(data.train.front());
}

}  // namespace aio::apps
