#include "data/synthetic/dataset.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "data/manifest.h"
#include "data/synthetic/grammar.h"
#include "data/synthetic/preview.h"
#include "data/synthetic/vocabulary.h"
#include "tensor/parallel.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::synthetic {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = test::read_text_file(entry.path());
  return files;
}

DatasetOptions small() {
  DatasetOptions options;
  options.seed = 5;
  options.train = 20;
  options.val = 10;
  options.test = 12;
  options.size = 32;
  return options;
}

TEST_CASE("dataset: a seed gives the same bytes every time, on any number of threads; another seed others") {
  const test::TempDir folder;
  const int threads = num_threads();
  const DatasetSummary summary = write_dataset(folder / "a", small());
  set_num_threads(1);
  write_dataset(folder / "b", small());
  set_num_threads(threads);
  DatasetOptions other = small();
  other.seed = 6;
  write_dataset(folder / "c", other);
  const auto a = files_of(folder / "a"), c = files_of(folder / "c");
  CHECK(a == files_of(folder / "b"));
  CHECK(summary.clips == 20 + 10 + 12 + kRetrievalClips);
  CHECK(a.size() == c.size());
  CHECK(a.at("clips/train/000000.mp4") != c.at("clips/train/000000.mp4"));
  CHECK(a.at("qa/train.jsonl") != c.at("qa/train.jsonl"));
  CHECK(a.at("vocab.txt") == c.at("vocab.txt"));
}

TEST_CASE("dataset: every task's manifest opens, and its rows say what the scenes show") {
  const test::TempDir folder;
  const DatasetOptions options = small();
  write_dataset(folder / "set", options);
  const std::map<std::string, Task> tasks{
      {"pretrain", Task::pretrain}, {"retrieval", Task::retrieval}, {"choice", Task::choice},  {"qa", Task::qa},
      {"count", Task::qa},          {"action", Task::classify},     {"caption", Task::caption}};
  for (const auto& entry : tasks) {
    const std::string& name = entry.first;
    const Task task = entry.second;
    CAPTURE(name);
    for (const std::string split : {"train", "val", "test"}) {
      const Manifest manifest = Manifest::open(folder / ("set/" + name), split);
      CHECK(to_string(manifest.info().task) == to_string(task));
      REQUIRE(manifest.info().normalization);
      CHECK(manifest.info().normalization->mean[2] == 0.3F);
      CHECK(manifest.info().normalization->stddev[0] == 0.25F);
      for (std::int64_t i = 0; i < manifest.size(); ++i)
        CHECK(fs::file_size(manifest.media_path(manifest.sample(i).media)) > 1000);
    }
  }
  const Clips train = draw_clips(options, Part::train);
  const Manifest pretrain = Manifest::open(folder / "set/pretrain", "train");
  const Manifest choice = Manifest::open(folder / "set/choice", "train");
  const Manifest action = Manifest::open(folder / "set/action", "train");
  REQUIRE(pretrain.size() == 20);
  for (std::int64_t i = 0; i < 20; ++i) {
    const Scene& scene = train.scenes[static_cast<std::size_t>(i)];
    const Sample sample = pretrain.sample(i);
    CHECK(sample.captions.size() == kForms);
    CHECK(sample.group == contents(scene));
    const auto extra = nlohmann::json::parse(sample.extra);
    CHECK(extra["motion"] == to_string(scene.motion));
    CHECK(extra["flipped_captions"].size() == kForms);
    CHECK(extra["flipped_captions"][0] != sample.captions[0]);
    CHECK(action.label_class(action.sample(i)) == static_cast<int>(scene.motion));
    const Sample options_row = choice.sample(i);
    const std::string& truth = options_row.options[static_cast<std::size_t>(options_row.answer_index.value())];
    bool told = false;
    for (int form = 0; form < kForms; ++form)
      for (int verb = 0; verb < kVerbs; ++verb)
        for (int preposition = 0; preposition < 2; ++preposition)
          told = told || caption(scene, {form, verb, preposition}) == truth;
    CHECK(told);
  }
  const Manifest count = Manifest::open(folder / "set/count", "train");
  CHECK(count.info().answers.empty());
  REQUIRE(count.size() == 20);
  for (std::int64_t i = 0; i < 20; ++i)
    CHECK(count.sample(i).answer == (train.scenes[static_cast<std::size_t>(i)].second ? "2" : "1"));
  const Manifest qa = Manifest::open(folder / "set/qa", "test");
  std::set<std::string> kinds;
  for (std::int64_t i = 0; i < qa.size(); ++i) {
    CHECK(qa.answer_class(qa.sample(i).answer.value()) >= 0);
    kinds.insert(nlohmann::json::parse(qa.sample(i).extra)["kind"]);
  }
  CHECK(kinds == std::set<std::string>{"motion", "color", "shape", "count"});
  CHECK(test::read_text_file(folder / "set/qa/dataset.json").find("0.3,") !=
        std::string::npos);  // and not 0.30000001192092896
  std::istringstream lines(test::read_text_file(folder / "set/vocab.txt"));
  std::string first;
  std::getline(lines, first);
  CHECK(first == "[PAD]");
}

TEST_CASE("dataset: retrieval is tested on 64 clips with one caption each, no two with the same contents") {
  const test::TempDir folder;
  write_dataset(folder / "set", small());
  const Manifest manifest = Manifest::open(folder / "set/retrieval", "test");
  REQUIRE(manifest.size() == kRetrievalClips);
  std::set<std::string> groups, captions;
  for (std::int64_t i = 0; i < manifest.size(); ++i) {
    const Sample sample = manifest.sample(i);
    REQUIRE(sample.captions.size() == 1);
    captions.insert(sample.captions[0]);
    groups.insert(sample.group);
  }
  CHECK(captions.size() == kRetrievalClips);
  CHECK(groups.size() == kRetrievalClips);
}

TEST_CASE("dataset: motions take turns; a longer part begins with the clips of a shorter one; parts differ") {
  DatasetOptions options = small();
  const Clips few = draw_clips(options, Part::train);
  options.train = 200;
  const Clips many = draw_clips(options, Part::train), test = draw_clips(options, Part::test);
  for (std::size_t i = 0; i < few.scenes.size(); ++i) {
    CHECK(few.scenes[i].motion == static_cast<Motion>(i % kMotions));
    CHECK(few.scenes[i].phase == many.scenes[i].phase);
    CHECK(few.scenes[i].grey == many.scenes[i].grey);
  }
  CHECK(few.scenes[0].grey != test.scenes[0].grey);
}

TEST_CASE("dataset: what it refuses") {
  const test::TempDir folder;
  std::ofstream(folder / "notes.txt") << "mine";
  EXPECT_ERROR(write_dataset(folder.path().string(), small()), config, "is there and not an empty folder");
  DatasetOptions options = small();
  options.train = 0;
  EXPECT_ERROR(write_dataset(folder / "set", options), config, "got a part of 0 clips, expected 1 to 1000000");
  options = small();
  options.size = 33;
  EXPECT_ERROR(write_dataset(folder / "set", options), config, "got size 33, expected an even one");
  CHECK(!fs::exists(folder / "set"));
  EXPECT_ERROR(write_dataset(folder / "notes.txt/set", small()), io, "cannot make the folder");
}

TEST_CASE("preview: six frames of ten clips, at any size") {
  const Tensor sheet = preview(small());
  CHECK(sheet.dim(2) == 3);
  CHECK(sheet.dim(1) >= 6 * 32);
  CHECK(sheet.dim(0) >= 10 * 32);
}

}  // namespace
}  // namespace aio::synthetic
