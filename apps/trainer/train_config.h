#pragma once
// Everything a run depends on, as typed settings with their keys. Defaults are the reference's.

#include <cstdint>
#include <string>
#include <vector>

#include "apps/common/config.h"
#include "models/aio_config.h"
#include "models/objectives/pretrain.h"

namespace aio::apps {

struct RunSettings {
  std::string dir = "runs/run";
  std::int64_t seed = 0;
  int threads = 0;
  std::string device = "cpu";
  std::string dtype = "f32";
  std::string cuda_graph = "off";
};

struct ModelSettings {
  std::string size = "b";
  std::string init;                ///< checkpoint to start from
  std::vector<std::string> fresh;  ///< prefixes that keep their initial values
  bool resize_temporal = false, resize_positions = false, resize_text = false;
  bool allow_missing = false, allow_unused = false;
  models::AioConfig config;
  std::string roll = "roll";
  std::string patch_order = "raster";
};

struct DataSettings {
  std::vector<std::string> train;         ///< data set folders, read as one
  std::vector<std::string> train_images;  ///< co-training
  std::string train_split = "train", eval_split = "val";
  std::vector<std::string> eval;   ///< default: `train`
  std::string vocab;               ///< default: vocab.txt beside the first data set
  bool images = false;             ///< the data sets are of still images
  std::vector<std::string> kinds;  ///< rows with these `kind`s only
  std::string video_recipe = "plain";
  std::string image_recipe = "centre-crop";
  bool image_augment = false;
  std::int64_t cache_mib = 0;
  int workers = 2;
  int prefetch = 4;
  double max_bad = 0.01;
  std::string skip_list;
  std::string compat = "fixed";
  std::string false_videos = "batch";
  int false_texts = 0;
  double mlm_probability = 0.15;
  bool whole_word_masking = false;
  std::string prompt;
};

struct TrainSettings {
  std::string task = "pretrain";
  std::int64_t max_steps = 0;
  double epochs = 0;
  std::int64_t batch = 32;
  int accumulate = 1;
  double clip_norm = 0;
  std::vector<std::string> freeze;
  double ema = 0;
  std::int64_t max_skipped = 5;
  bool check_grads = true;
  double retrieval_vtc = 0;
};

struct OptimSettings {
  std::string kind = "adamw-hf";
  double lr = 1e-4, end_lr = 0;
  std::string schedule = "linear";
  double warmup = 2500;
  double hold = 0;
  double power = 1;
  double weight_decay = 0.01;
  double lr_mult = 1;
  double beta1 = 0.9, beta2 = 0.98, eps = 1e-8, momentum = 0.9;
};

struct LogSettings {
  std::int64_t every = 50;
  bool tensorboard = true;
};

struct EvalSettings {
  std::int64_t every = 0;
  double epochs = 0;
  std::int64_t batches = 0;
  std::int64_t batch = 32;
  std::int64_t views = 1;
  std::int64_t pairs = 250'000;
};

struct CheckpointSettings {
  std::int64_t every = 1000;
  std::int64_t keep = 2;
  std::string best;
  std::string best_mode = "max";
};

class TrainConfig {
 public:
  TrainConfig();
  TrainConfig(const TrainConfig&) = delete;
  TrainConfig& operator=(const TrainConfig&) = delete;

  /// Files in order, then --set assignments. Model dimensions that are not given come from model.size.
  /// Throws Error{config|io}.
  void load(const std::vector<std::string>& files, const std::vector<std::string>& assignments);
  /// The model's configuration, with vocabulary, heads of the task and rolling filled in.
  models::AioConfig model_config(std::int64_t vocab_size, std::int64_t labels) const;

  RunSettings run;
  ModelSettings model;
  DataSettings data;
  TrainSettings train;
  OptimSettings optim;
  models::PretrainOptions loss;
  LogSettings log;
  EvalSettings eval;
  CheckpointSettings checkpoint;
  Config keys;
};

/// The tasks of train.task.
const std::vector<std::string>& train_tasks();

}  // namespace aio::apps
