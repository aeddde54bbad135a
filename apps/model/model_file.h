#pragma once
// ModelFile: a model built from a file of weights, for programs that use it: evaluation, pictures, benchmarks.

#include <memory>
#include <string>
#include <vector>

#include "apps/trainer/train_config.h"
#include "models/all_in_one.h"
#include "models/checkpoint/load_report.h"
#include "nn/param_store.h"

namespace aio::apps {

struct ModelFileOptions {
  /// weights.safetensors, .ckpt, .pth, or a run's folder, whose weights.safetensors is meant.
  std::string checkpoint;
  /// The run's config.toml; empty: the one in the checkpoint's folder or in the two above it, if there is one. It tells
  /// what weights do not: attention heads, rolling, how frames are cropped.
  std::string config;
  std::string size;  ///< without a config.toml: "ti", "s", "b", ...; empty: by the width, for the paper's sizes
  std::string roll;  ///< in place of the configuration's unless empty
  std::string device = "cpu";  ///< where it computes (apps/common/device.h)
  std::int64_t frames = 0;     ///< that it will see; more than its temporal table has rows for: extended by zeros
  std::vector<std::string> assignments{};  ///< key=value, over config.toml
};

struct ModelFile {
  /// Throws Exit{kWeights} for whatever is wrong with the weights, Error{config|io} for the configuration,
  /// Error{config|device} for the device.
  explicit ModelFile(const ModelFileOptions& options);

  /// The run's own vocab.txt, or that of the data it was trained on, where they are found; else empty.
  std::string vocabulary() const;

  std::string weights_path, config_path;  ///< config_path: empty if there is none
  TrainConfig settings;  ///< config.toml's or the size's; its model.config is that of the model, with all its heads
  std::unique_ptr<nn::ParamStore> store;
  std::unique_ptr<models::AllInOne> model;
  weights::LoadSummary summary;
};

}  // namespace aio::apps
