#pragma once
// RunData: the data sets of a run, opened, with the loaders that read them.

#include <memory>
#include <optional>

#include "apps/evaluator/eval_split.h"
#include "apps/trainer/train_config.h"
#include "data/decode_cache.h"
#include "data/decode_service.h"
#include "data/loader.h"
#include "data/wordpiece.h"

namespace aio::apps {

/// How the configuration has a split read: its frames, texts, masks and negatives.
LoaderOptions loader_options(const TrainConfig& config, const DatasetInfo& info, bool training, bool images);

class RunData {
 public:
  /// Throws Error{io|format|config}: missing folders and files at once.
  explicit RunData(const TrainConfig& config);

  const WordPiece& tokenizer() const { return tokenizer_; }
  const std::string& vocabulary() const { return vocabulary_; }  ///< the tokenizer's vocab.txt
  /// Classes of the task's head: answers, labels; 0 for tasks without.
  std::int64_t labels() const { return labels_; }
  std::int64_t samples() const;  ///< to train on
  Loader& train() { return *train_; }
  /// Co-training: still images; null without.
  Loader* images() { return images_.get(); }
  /// A loader with another batch size; null for images where there are none.
  std::unique_ptr<Loader> open_training(std::int64_t batch, bool images) const;
  bool has_evaluation() const { return !eval_sets_.empty(); }
  /// A fresh pass over the evaluation split; null where there is none.
  std::unique_ptr<Loader> open_evaluation() const;
  /// The same for aio_eval's functions; only where there is one. Refers to this object.
  EvalSplit evaluation_split() const;

 private:
  const TrainConfig& config_;
  std::vector<Manifest> train_sets_, image_sets_, eval_sets_;
  std::string vocabulary_;
  WordPiece tokenizer_;
  std::int64_t labels_ = 0;
  std::unique_ptr<DecodeService> service_;
  std::unique_ptr<DecodeCache> cache_;
  DecodeFunction decode_;
  std::unique_ptr<Loader> train_, images_;
};

}  // namespace aio::apps
