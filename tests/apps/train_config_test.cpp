// Configurations of aio_train: every key is documented, every file in configs/ is one, the paper's are the paper's.

#include "apps/trainer/train_config.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "apps/trainer/optimizer_setup.h"
#include "apps/trainer/run_data.h"
#include "data/manifest.h"
#include "data/wordpiece.h"
#include "models/complexity.h"
#include "tests/apps/train_runs.h"
#include "tests/expect_error.h"
#include "tests/text_file.h"

using namespace aio;
using namespace aio::apps;
namespace fs = std::filesystem;

namespace {

constexpr const char* kConfigs = AIO_TEST_DATA "/../configs";

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
  }
  return files;
}

/// Millions of parameters, counted as the paper does.
double millions(const std::string& file) {
  TrainConfig config;
  config.load({file}, {});
  const models::AioConfig model = config.model_config(30522, 0);
  return static_cast<double>(models::total_parameters(model) - models::mlm_decoder_parameters(model)) / 1e6;
}

}  // namespace

TEST_CASE("train config: --help-config documents every key, and --print-config gives the same configuration back") {
  TrainConfig config;
  const std::string help = config.keys.help();
  CHECK(config.keys.keys().size() >= 80);
  for (const Config::Key& key : config.keys.keys()) {
    INFO(key.name);
    const std::string last = key.name.substr(key.name.rfind('.') + 1);
    CHECK(key.help.size() >= 4);
    CHECK(help.find("\n" + last + " = " + to_toml(key.default_value) + "  # " + key.type) != std::string::npos);
  }
  config.keys.set("optim.lr=0.00012345");
  config.keys.set("data.kinds=[\"a\", \"b\"]");
  TrainConfig again;
  again.keys.load_text(config.keys.to_toml(), "printed");
  CHECK(again.keys.to_toml() == config.keys.to_toml());
}

TEST_CASE("train config: every file in configs/ is valid, down to model and schedule") {
  std::vector<std::string> files = files_in(kConfigs);
  const std::vector<std::string> paper = files_in(std::string(kConfigs) + "/paper");
  files.insert(files.end(), paper.begin(), paper.end());
  CHECK(files.size() >= 32);
  for (const std::string& file : files) {
    INFO(file);
    TrainConfig config;
    config.load({file}, {});
    CHECK_FALSE(config.data.train.empty());
    CHECK(models::total_parameters(config.model_config(30522, 1000)) > 0);
    CHECK(make_schedule(config.optim, planned_steps(config.train, 1'000'000)).max_steps > 0);
  }
}

TEST_CASE("train config: the paper's models have the paper's sizes and batches") {
  const std::string paper = std::string(kConfigs) + "/paper/";
  CHECK(millions(paper + "pretrain_b.toml") == doctest::Approx(110).epsilon(0.02));
  CHECK(millions(paper + "pretrain_s.toml") == doctest::Approx(33).epsilon(0.03));
  CHECK(millions(paper + "pretrain_ti.toml") == doctest::Approx(12).epsilon(0.04));
  for (const std::string& file : files_in(paper)) {
    INFO(file);
    TrainConfig config;
    config.load({file}, {});
    const std::int64_t batch = config.train.batch * config.train.accumulate;
    CHECK((batch == 128 || batch == 256 || batch == 512 || batch == 1024 || batch == 2048 || batch == 4096));
    CHECK(config.optim.beta2 == 0.98);
    CHECK(config.optim.kind == "adamw-hf");
    CHECK(fs::path(file).stem().string().rfind(config.train.task == "pretrain" ? "pretrain_" : "finetune_", 0) == 0);
    const std::string text = test::read_text_file(file);  // its head says what it should come to
    CHECK((config.train.task == "pretrain" || text.find("aper") != std::string::npos ||
           text.find("reference's log") != std::string::npos || text.find("eference") != std::string::npos));
  }
}

TEST_CASE("train config: data.compat = reference samples frames and masks words as the released code does") {
  TrainConfig config;
  config.keys.set("data.whole_word_masking=true");
  CHECK(!loader_options(config, {}, true, false).mlm->reference);
  config.keys.set("data.compat=reference");
  const LoaderOptions options = loader_options(config, {}, true, false);
  CHECK(options.compat == Compat::reference);
  CHECK(options.mlm->reference);
  CHECK(options.mlm->whole_word);
}

TEST_CASE("train config: mistakes are named with the file and the nearest key") {
  TrainConfig config;
  EXPECT_ERROR(config.keys.load_text("[optim]\nlearning_rate = 1.0\n", "x.toml"), config,
               "x.toml:2:1: unknown key optim.learning_rate");
  EXPECT_ERROR(config.keys.load_text("[train]\nbatch = 0\n", "x.toml"), config, "x.toml:2:1: train.batch is 0");
  EXPECT_ERROR(config.keys.load_text("[train]\ntask = \"pretrian\"\n", "x.toml"), config, "expected one of pretrain");
  EXPECT_ERROR(config.keys.load_text("[train\n", "x.toml"), config, "x.toml:1");
}

TEST_CASE("train config: epochs between evaluations, where no steps are given") {
  TrainConfig config;
  config.train.accumulate = 4;
  CHECK(evaluation_interval(config, 100) == 0);  // at the end only
  config.eval.epochs = 0.5;
  CHECK(evaluation_interval(config, 100) == 12);
  CHECK(evaluation_interval(config, 1) == 1);
  config.eval.every = 7;
  CHECK(evaluation_interval(config, 100) == 7);
}

TEST_CASE("train config: fine-tunings are evaluated as often as the reference's, and have a best checkpoint") {
  int linear = 0, views = 0, halves = 0;
  for (const std::string& file : files_in(std::string(kConfigs) + "/paper")) {
    if (fs::path(file).stem().string().rfind("finetune_", 0) != 0) continue;
    INFO(file);
    TrainConfig config;
    config.load({file}, {});
    CHECK((config.eval.epochs == 1 || config.eval.epochs == 0.5));
    CHECK((config.train.task == "caption") == config.checkpoint.best.empty());
    CHECK(config.model.init.starts_with("weights/all-in-one-b"));
    halves += config.eval.epochs == 0.5 ? 1 : 0;
    views += config.eval.views == 3 ? 1 : 0;
    linear += config.train.freeze.empty() ? 0 : 1;
    CHECK(config.train.freeze.empty() == (config.train.task != "action"));
  }
  CHECK(halves == 5);  // multiple choice of three sets, VCR, VQAv2
  CHECK(views == 6);   // retrieval by BVTC over videos
  CHECK(linear == 3);  // action recognition is by a probe
}

TEST_CASE("the example of own data: texts, vocabulary, and the videos where scripts/fetch_test_media.sh put them") {
  const std::string folder = AIO_TEST_DATA "/../docs/examples/real-video";
  const WordPiece tokenizer = WordPiece::load(find_vocabulary(folder));
  int videos = 0;
  for (const char* split : {"train", "test"}) {
    ManifestOptions options;
    // Without the videos the manifest is read all the same.
    const bool fetched = fs::exists(AIO_TEST_DATA "/../build/test_media/bikes.mp4");
    if (!fetched) options.media_root = folder;
    const Manifest manifest = Manifest::open(folder, split, options);
    CHECK(manifest.size() == (std::string(split) == "train" ? 22 : 11));
    for (std::int64_t i = 0; i < manifest.size(); ++i) {
      const Sample sample = manifest.sample(i);
      INFO(sample.id);
      CHECK(*sample.start < *sample.end);
      for (const std::string& caption : sample.captions) {
        const std::vector<std::int64_t> ids = tokenizer.encode(caption);
        CHECK(ids.size() <= static_cast<std::size_t>(manifest.info().max_text_len));
      }
      if (fetched) videos += fs::exists(manifest.media_path(sample.media)) ? 1 : 0;
    }
  }
  MESSAGE(videos << " of 33 clips have their video");
  CHECK((videos == 0 || videos == 33));
}
