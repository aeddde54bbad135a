#pragma once
// A small embedded data set, a small model with every head, and what evaluations of them need.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "data/synthetic/dataset.h"
#include "models/all_in_one.h"
#include "nn/param_store.h"
#include "tests/temp_dir.h"

namespace aio::test {

/// Folder of the embedded set: 24 clips to test on, 64 to retrieve.
inline const std::string& eval_data() {
  static const TempDir dir;
  static const std::string path = [] {
    synthetic::DatasetOptions options;
    options.seed = 4;
    options.train = 20;
    options.val = 2;
    options.test = 24;
    options.size = 32;
    synthetic::write_dataset(dir / "set", options);
    return dir / "set";
  }();
  return path;
}

inline const WordPiece& eval_tokenizer() {
  static const WordPiece tokenizer = WordPiece::load(eval_data() + "/vocab.txt");
  return tokenizer;
}

inline DecodeResult decode_for_eval(const DecodeRequest& request) {
  static DecodeService service;
  return service.decode(request);
}

/// The split of a data set folder, as a model of 32 pixels reads it.
inline apps::EvalSplit eval_split(const std::string& folder, const std::string& split = "test",
                                  const WordPiece& tokenizer = eval_tokenizer()) {
  apps::EvalSplit result;
  result.manifests = {Manifest::open(folder, split)};
  result.tokenizer = &tokenizer;
  result.decode = decode_for_eval;
  result.loader.training = false;
  result.loader.batch_size = 10;  // the last batch is smaller
  result.loader.video.size = result.loader.image.size = 32;
  result.loader.video.recipe = VideoRecipe::whole;
  result.loader.max_text_len = 24;
  result.loader.max_bad = 0.5;
  return result;
}

inline models::AioConfig eval_config(std::int64_t vocab_size) {
  models::AioConfig config;
  config.name = "eval";
  config.hidden_size = 16;
  config.heads = 2;
  config.layers = 2;
  config.mlp_ratio = 2;
  config.image_size = 32;
  config.patch_size = 16;
  config.vocab_size = vocab_size;
  config.max_text_len = 24;
  config.shared_dim = 8;
  config.head.rank = config.head.rank_2 = config.head.choice_qa = config.head.nlvr2 = config.head.caption = true;
  config.init_std = 0.3;
  config.temporal_init_std = 0.3;
  return config;
}

struct EvalModel {
  explicit EvalModel(const models::AioConfig& config) : store(7), model(store, config) {}
  explicit EvalModel(std::int64_t qa_labels = 0) : EvalModel(with_answers(qa_labels)) {}
  static models::AioConfig with_answers(std::int64_t labels) {
    models::AioConfig config = eval_config(eval_tokenizer().size());
    config.head.qa_labels = labels;
    return config;
  }
  /// Gives a parameter other values.
  void plant(const std::string& name, const std::vector<float>& values) {
    const Shape shape = store.get(name).value.shape();
    store.load({{name, Tensor::from(values, shape)}}, /*strict=*/false);
  }
  nn::ParamStore store;
  models::AllInOne model;
};

/// A data set of one's own beside the embedded clips.
class EvalSet {
 public:
  explicit EvalSet(const nlohmann::json& info) {
    nlohmann::json whole = {
        {"format", "aio-manifest"}, {"version", 1}, {"splits", {{"test", "test.jsonl"}}}, {"media_root", eval_data()}};
    whole.update(info);
    std::ofstream(dir_ / "dataset.json") << whole.dump();
  }
  void add(const nlohmann::json& sample) { std::ofstream(dir_ / "test.jsonl", std::ios::app) << sample.dump() << "\n"; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(dir_ / name) << text; }
  std::string path() const { return dir_.path().string(); }

 private:
  TempDir dir_;
};

inline std::vector<nlohmann::json> parsed(const std::vector<std::string>& lines) {
  std::vector<nlohmann::json> result;
  for (const std::string& line : lines) result.push_back(nlohmann::json::parse(line));
  return result;
}

inline std::string clip(int i, const std::string& part = "test") {
  return message("clips/", part, "/", synthetic::clip_name(static_cast<std::size_t>(i)), ".mp4");
}

}  // namespace aio::test
