#include "apps/trainer/run_data.h"

#include "data/dataset_check.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

std::vector<Manifest> open_all(const std::vector<std::string>& folders, const std::string& split,
                               const std::vector<std::string>& kinds = {}) {
  ManifestOptions options;
  options.kinds = kinds;
  std::vector<Manifest> sets;
  for (const std::string& folder : folders) sets.push_back(Manifest::open(folder, split, options));
  return sets;
}

std::string vocabulary_path(const TrainConfig& config) {
  if (!config.data.vocab.empty()) return config.data.vocab;
  check(!config.data.train.empty(), ErrorCode::config, "data.train is empty: name at least one data set");
  std::string found = find_vocabulary(config.data.train[0]);
  check(!found.empty(), ErrorCode::config, "data.vocab is empty, and there is no vocab.txt in ", config.data.train[0],
        " or beside it");
  return found;
}

/// Classes of the head: the answer list for questions, the label list for actions.
std::int64_t count_labels(const TrainConfig& config, const std::vector<Manifest>& sets) {
  const bool answers = config.train.task == "qa" || config.train.task == "vqav2",
             actions = config.train.task == "action";
  const DatasetInfo& info = sets.front().info();
  check(config.train.task != "count" || (info.task == Task::qa && info.answers.empty()), ErrorCode::config,
        "data.train: ", info.name, " is for ", to_string(info.task), " with ", info.answers.size(),
        " answers; train.task = \"count\" needs qa whose answers are numbers, without a list of them");
  if (!answers && !actions) return 0;
  const auto count = static_cast<std::int64_t>(answers ? info.answers.size() : info.labels.size());
  check(count > 0, ErrorCode::config, "data.train: ", info.name, " has no ", answers ? "answers" : "labels",
        " list, which train.task = \"", config.train.task, "\" needs",
        config.train.task == "qa" ? " (are its answers numbers? that is \"count\")" : "");
  return count;
}

}  // namespace

LoaderOptions loader_options(const TrainConfig& config, const DatasetInfo& info, bool training, bool images) {
  const std::string& task = config.train.task;
  LoaderOptions options;
  options.training = training;
  options.batch_size = training ? config.train.batch : config.eval.batch;
  options.seed = static_cast<std::uint64_t>(config.run.seed);
  options.images = images;
  options.frames = config.model.config.frames;
  options.video.size = options.image.size = static_cast<int>(config.model.config.image_size);
  if (config.data.video_recipe == "augmented") options.video.recipe = VideoRecipe::augmented;
  if (config.data.video_recipe == "whole") options.video.recipe = VideoRecipe::whole;
  options.video.normalization = info.normalization;
  if (config.data.image_recipe != "pixelbert") {
    const bool random = training && config.data.image_recipe == "random-crop";
    options.image.recipe = random ? ImageRecipe::random_crop : ImageRecipe::centre_crop;
  }
  options.image.augment = training && config.data.image_augment;
  options.compat = config.data.compat == "reference" ? Compat::reference : Compat::fixed;
  options.max_text_len = config.model.config.max_text_len;
  options.prompt = config.data.prompt;
  if ((task == "pretrain" && config.loss.mlm > 0) || task == "caption") {
    options.mlm = MaskingOptions{config.data.mlm_probability, config.data.whole_word_masking,
                                 options.compat == Compat::reference};
    options.mlm->end = task == "caption";
  }
  if (task == "pretrain" && config.loss.vtm > 0) {
    options.false_videos = config.data.false_videos == "split" ? FalseVideos::split : FalseVideos::batch;
  }
  options.false_texts = task == "retrieval" ? config.data.false_texts : 0;
  options.threads = config.data.workers;
  options.prefetch = config.data.prefetch;
  options.max_bad = config.data.max_bad;
  if (!config.data.skip_list.empty()) options.skip = read_skip_list(config.data.skip_list);
  return options;
}

RunData::RunData(const TrainConfig& config)
    : config_(config),
      train_sets_(open_all(config.data.train, config.data.train_split, config.data.kinds)),
      vocabulary_(vocabulary_path(config)),
      tokenizer_(WordPiece::load(vocabulary_)) {
  if (!config.data.eval_split.empty()) {
    eval_sets_ = open_all(config.data.eval.empty() ? config.data.train : config.data.eval, config.data.eval_split,
                          config.data.kinds);
  }
  labels_ = count_labels(config, train_sets_);
  DecodeServiceOptions options;
  options.workers = config.data.workers;
  service_ = std::make_unique<DecodeService>(options);
  decode_ = [this](const DecodeRequest& request) { return service_->decode(request); };
  if (config.data.cache_mib > 0) {
    cache_ = std::make_unique<DecodeCache>(decode_, config.data.cache_mib << 20);
    decode_ = [this](const DecodeRequest& request) { return cache_->decode(request); };
  }
  image_sets_ = open_all(config.data.train_images, config.data.train_split);
  train_ = open_training(config.train.batch, false);
  images_ = open_training(config.train.batch, true);
}

std::int64_t RunData::samples() const { return train_->samples(); }

std::unique_ptr<Loader> RunData::open_training(std::int64_t batch, bool images) const {
  const std::vector<Manifest>& sets = images ? image_sets_ : train_sets_;
  if (sets.empty()) return nullptr;
  LoaderOptions options = loader_options(config_, sets[0].info(), true, images || config_.data.images);
  options.batch_size = batch;
  return std::make_unique<Loader>(sets, tokenizer_, decode_, options);
}

std::unique_ptr<Loader> RunData::open_evaluation() const {
  if (eval_sets_.empty()) return nullptr;
  return std::make_unique<Loader>(eval_sets_, tokenizer_, decode_,
                                  loader_options(config_, eval_sets_[0].info(), false, config_.data.images));
}

EvalSplit RunData::evaluation_split() const {
  EvalSplit split;
  split.manifests = eval_sets_;
  split.tokenizer = &tokenizer_;
  split.decode = decode_;
  split.loader = loader_options(config_, eval_sets_[0].info(), false, config_.data.images);
  return split;
}

}  // namespace aio::apps
