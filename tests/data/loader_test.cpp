#include "data/loader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "data/datasets/conversion.h"
#include "data/dice.h"
#include "data/manifest_writer.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

const WordPiece& tokenizer() {
  static const WordPiece words({"[PAD]",  "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a",    "clip", "text",
                                "option", "0",     "1",     "2",     "3",      "4",    "5",    "6",
                                "7",      "8",     "9",     "##0",   "##1",    "##2",  "##3",  "##4",
                                "##5",    "##6",   "##7",   "##8",   "##9",    "what", "?"});
  return words;
}

/// A file holds its number; its frames show the number and the random key, so that tests see what was drawn.
DecodeResult fake_decode(const DecodeRequest& request) {
  DecodeResult result;
  const std::string text = test::read_text_file(request.source.path);
  if (text.empty()) {
    result.fault = DecodeFault::format;
    result.error = request.source.path + ": is empty";
    return result;
  }
  constexpr std::int64_t kSide = 20;
  result.frames = Tensor::empty({request.count, kSide, kSide, 3}, {DType::u8, Device{}});
  Dice dice(request.key);
  auto* const pixels = result.frames.data<std::uint8_t>();
  for (std::int64_t i = 0; i < result.frames.numel(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(i % 7 == 0 ? dice.below(256) : std::stoi(text) * 2);
  }
  return result;
}

struct TestSet {
  test::TempDir folder;
  int size;

  explicit TestSet(int samples, Task task = Task::pretrain) : size(samples) {
    ManifestWriter writer(folder / "set");
    for (int i = 0; i < samples; ++i) {
      const std::string number = std::to_string(i);
      test::write_text_file(folder / ("media/" + number + ".mp4"), number);
      Sample s;
      s.id = std::string("v") + number;
      s.media = number + ".mp4";
      if (task == Task::choice || task == Task::mc_qa) {
        for (int k = 0; k < 2 + i % 3; ++k) s.options.push_back("option " + std::to_string(k));
        s.answer_index = i % 2;
        s.question = task == Task::mc_qa ? "what?" : "";
      } else if (task == Task::qa) {
        s.question = "what " + number + "?";
        s.answer = i % 2 == 0 ? "yes" : "perhaps";
      } else {
        s.captions = {"text " + number, "a text " + number, "clip " + number};
      }
      writer.add("train", s);
    }
    DatasetInfo info;
    info.name = std::string("numbers");
    info.task = task;
    info.media_root = folder / "media";
    info.max_text_len = 8;
    if (task == Task::qa) info.answers = {"no", "yes"};
    writer.finish(info);
  }
  Manifest manifest() const { return Manifest::open((folder / "set"), "train"); }
  void spoil(int i) const { test::write_text_file(folder / ("media/" + std::to_string(i) + ".mp4"), ""); }
};

LoaderOptions small_options(std::int64_t batch_size = 4) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.video.size = 16;
  options.image.size = 16;
  options.seed = 5;
  return options;
}

/// All that a batch holds, as text and bytes.
std::string fingerprint(const Batch& b) {
  std::string text = message(b.step, "|", b.epoch, "|");
  for (const std::string& id : b.ids) text += id + ",";
  for (const std::string& t : b.texts) text += t + ",";
  for (const Tensor& t : {b.frames, b.frames2, b.false_frames, b.soft_labels}) {
    if (t.defined()) text.append(reinterpret_cast<const char*>(t.raw_data()), static_cast<std::size_t>(t.numel()) * 4);
  }
  for (const Tensor& t :
       {b.text.ids, b.text.mask, b.mlm_ids, b.mlm_labels, b.vtm_labels, b.labels, b.false_text.ids, b.options.ids}) {
    if (t.defined()) text.append(reinterpret_cast<const char*>(t.raw_data()), static_cast<std::size_t>(t.numel()) * 8);
  }
  return text;
}

std::vector<std::string> fingerprints(const TestSet& set, const LoaderOptions& options, int steps,
                                      std::int64_t from = 0) {
  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  loader.seek(from);
  std::vector<std::string> result;
  for (int i = 0; i < steps; ++i) result.push_back(fingerprint(*loader.next()));
  return result;
}

TEST_CASE("loader: shapes and contents of a batch") {
  const TestSet set(10);
  LoaderOptions options = small_options();
  options.mlm = MaskingOptions{};
  options.false_videos = FalseVideos::split;
  options.false_texts = 3;
  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  CHECK(loader.samples() == 10);
  CHECK(loader.steps_per_epoch() == 2);
  const Batch b = *loader.next();
  CHECK(b.size() == 4);
  CHECK(b.frames.shape() == Shape{4, 3, 3, 16, 16});
  CHECK(b.false_frames.shape() == b.frames.shape());
  CHECK(b.text.ids.shape() == Shape{4, 8});
  CHECK(b.mlm_ids.shape() == Shape{4, 8});
  CHECK(b.false_text.ids.shape() == Shape{4, 3, 8});
  CHECK_FALSE(b.options.ids.defined());
  CHECK_FALSE(b.frames2.defined());
  const auto labels = b.vtm_labels.to_vector<std::int64_t>();
  CHECK(std::count(labels.begin(), labels.end(), 1) == 2);
  // Rows with label 1 have no false video.
  const auto false_frames = b.false_frames.to_vector<float>();
  for (std::size_t i = 0; i < 4; ++i) {
    const bool zero =
        std::all_of(false_frames.begin() + static_cast<std::ptrdiff_t>(i * 2304),
                    false_frames.begin() + static_cast<std::ptrdiff_t>((i + 1) * 2304), [](float x) { return x == 0; });
    CHECK(zero == (labels[i] == 1));
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string number = b.ids[i].substr(1);
    CHECK(b.texts[i].find(number) != std::string::npos);
    CHECK(loader.sample(b.rows[i]).id == b.ids[i]);
  }
}

TEST_CASE("loader: an epoch visits every sample once, each epoch in another order") {
  const TestSet set(12);
  Loader loader({set.manifest()}, tokenizer(), fake_decode, small_options());
  std::vector<std::vector<std::string>> orders(2);
  for (int step = 0; step < 6; ++step) {
    const Batch b = *loader.next();
    CHECK(b.step == step);
    CHECK(b.epoch == step / 3);
    auto& order = orders[static_cast<std::size_t>(b.epoch)];
    order.insert(order.end(), b.ids.begin(), b.ids.end());
  }
  CHECK(std::set<std::string>(orders[0].begin(), orders[0].end()).size() == 12);
  CHECK(std::set<std::string>(orders[1].begin(), orders[1].end()).size() == 12);
  CHECK(orders[0] != orders[1]);
}

TEST_CASE("loader: the same batches on any number of threads, with any prefetch, after a seek") {
  const TestSet set(23);
  LoaderOptions options = small_options();
  options.mlm = MaskingOptions{};
  options.false_videos = FalseVideos::split;
  options.false_texts = 2;
  options.threads = 1;
  options.prefetch = 1;
  const auto expected = fingerprints(set, options, 8);
  CHECK(std::set<std::string>(expected.begin(), expected.end()).size() == 8);
  for (const int threads : {2, 7}) {
    options.threads = threads;
    options.prefetch = threads;
    CHECK(fingerprints(set, options, 8) == expected);
    for (const int from : {1, 5, 7})
      CHECK(fingerprints(set, options, 1, from)[0] == expected[static_cast<std::size_t>(from)]);
  }
  options.seed = 6;
  CHECK(fingerprints(set, options, 1)[0] != expected[0]);
}

TEST_CASE("loader: two ranks see what one sees, without repeats") {
  const TestSet set(22);
  LoaderOptions options = small_options(8);
  options.mlm = MaskingOptions{};
  Loader whole({set.manifest()}, tokenizer(), fake_decode, options);
  options.batch_size = 4;
  options.ranks = 2;
  Loader first({set.manifest()}, tokenizer(), fake_decode, options);
  options.rank = 1;
  Loader second({set.manifest()}, tokenizer(), fake_decode, options);
  CHECK(first.steps_per_epoch() == whole.steps_per_epoch());
  for (int step = 0; step < 3; ++step) {
    const Batch w = *whole.next(), a = *first.next(), b = *second.next();
    auto ids = a.ids;
    ids.insert(ids.end(), b.ids.begin(), b.ids.end());
    CHECK(w.ids == ids);
    auto frames = a.frames.to_vector<float>();
    const auto more = b.frames.to_vector<float>();
    frames.insert(frames.end(), more.begin(), more.end());
    CHECK(w.frames.to_vector<float>() == frames);
    auto masked = a.mlm_ids.to_vector<std::int64_t>();
    const auto masked_too = b.mlm_ids.to_vector<std::int64_t>();
    masked.insert(masked.end(), masked_too.begin(), masked_too.end());
    CHECK(w.mlm_ids.to_vector<std::int64_t>() == masked);
  }
}

TEST_CASE("loader: evaluation sees all samples once, in order, over all ranks") {
  const TestSet set(10);
  LoaderOptions options = small_options();
  options.training = false;
  options.ranks = 2;
  std::vector<std::string> seen;
  for (int rank = 0; rank < 2; ++rank) {
    options.rank = rank;
    Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
    CHECK(loader.steps_per_epoch() == 2);
    for (int step = 0; step < 2; ++step) {
      const auto batch = loader.next();
      REQUIRE(batch);
      if (rank == 1 && step == 1) CHECK(batch->size() == 0);
      seen.insert(seen.end(), batch->ids.begin(), batch->ids.end());
    }
    CHECK_FALSE(loader.next());
    loader.seek(1);
    CHECK(loader.next()->step == 1);
  }
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 10);
  CHECK(seen.size() == 10);
}

TEST_CASE("loader: an unreadable sample is replaced in training, the same one on any number of threads") {
  const TestSet set(40);
  set.spoil(3);
  std::filesystem::remove(set.folder / "media/7.mp4");
  LoaderOptions options = small_options();
  options.max_bad = 0.05;
  options.threads = 1;
  const auto expected = fingerprints(set, options, 20);
  options.threads = 5;
  CHECK(fingerprints(set, options, 20) == expected);

  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  for (int step = 0; step < 10; ++step) {
    const Batch b = *loader.next();
    CHECK(b.size() == 4);
    CHECK(std::count(b.ids.begin(), b.ids.end(), "v3") == 0);
    CHECK(std::count(b.readable.begin(), b.readable.end(), 1) == 4);
  }
  REQUIRE(loader.bad_samples().count() == 2);
  CHECK(loader.bad_samples().entries().at(3).name == "train.jsonl:4");
  CHECK(loader.bad_samples().entries().at(3).reason.find("3.mp4: is empty") != std::string::npos);
  CHECK(loader.bad_samples().entries().at(7).reason.find("7.mp4: cannot open") != std::string::npos);
}

TEST_CASE("loader: past the allowed share the run stops, at the same step on any number of threads") {
  const TestSet set(40);
  for (const int i : {1, 5, 9, 13}) set.spoil(i);
  LoaderOptions options = small_options();
  options.max_bad = 0.05;
  std::vector<int> steps;
  for (const int threads : {1, 6}) {
    options.threads = threads;
    Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
    int step = 0;
    CHECK_THROWS_AS(
        [&] {
          for (; step < 20; ++step) loader.next();
        }(),
        TooManyBadSamples);
    steps.push_back(step);
    CHECK(loader.bad_samples().count() == 3);
  }
  CHECK(steps[0] == steps[1]);
  CHECK(steps[0] < 10);
  options.skip = {"v1", "v5"};
  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  for (int step = 0; step < 20; ++step) loader.next();
  CHECK(loader.bad_samples().count() == 2);  // the skip list is known already
}

TEST_CASE("loader: in evaluation an unreadable sample keeps its place") {
  const TestSet set(8, Task::qa);
  set.spoil(2);
  LoaderOptions options = small_options(8);
  options.training = false;
  options.max_bad = 0.2;
  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  const Batch b = *loader.next();
  CHECK(b.ids[2] == "v2");
  CHECK(b.readable == std::vector<std::uint8_t>{1, 1, 0, 1, 1, 1, 1, 1});
  CHECK(b.labels.to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{1, kIgnored, 1, kIgnored, 1, kIgnored, 1, kIgnored});
  CHECK(b.texts[2] == "what 2?");
  const auto frames = b.frames.to_vector<float>();
  CHECK(std::all_of(frames.begin() + 2 * 2304, frames.begin() + 3 * 2304, [](float x) { return x == 0; }));
}

TEST_CASE("loader: answers that are numbers, where there is no answer list") {
  const test::TempDir folder;
  ManifestWriter writer(folder / "set");
  for (const char* answer : {"3", "10", "often", "-2", "4.5", ""}) {
    const std::string number = std::to_string(writer.size("train"));
    test::write_text_file(folder / ("media/" + number + ".mp4"), number);
    Sample s = make_sample("v" + number, number + ".mp4");
    s.question = "how many times does the man jump?";
    if (*answer != '\0') s.answer = answer;
    writer.add("train", s);
  }
  DatasetInfo info;
  info.task = Task::qa;
  info.media_root = folder / "media";
  writer.finish(info);
  LoaderOptions options = small_options(6);
  options.training = false;
  Loader loader({Manifest::open(folder / "set", "train")}, tokenizer(), fake_decode, options);
  const Batch b = *loader.next();
  CHECK(b.counts.to_vector<std::int64_t>() == std::vector<std::int64_t>{3, 10, kIgnored, kIgnored, kIgnored, kIgnored});
  const TestSet with_list(6, Task::qa);
  Loader other({with_list.manifest()}, tokenizer(), fake_decode, options);
  CHECK_FALSE(other.next()->counts.defined());
}

TEST_CASE("loader: media that are all elsewhere are one error, at once") {
  const TestSet set(30);
  std::filesystem::remove_all(set.folder / "media");
  std::filesystem::create_directory(set.folder / "media");
  std::atomic<int> decoded = 0;
  EXPECT_ERROR(Loader(
                   {set.manifest()}, tokenizer(),
                   [&](const DecodeRequest& request) {
                     ++decoded;
                     return fake_decode(request);
                   },
                   small_options()),
               io, "train.jsonl: of 16 samples not one has its file");
  CHECK(decoded == 0);
  std::filesystem::remove_all(set.folder / "media");
  EXPECT_ERROR(set.manifest(), io, "the media root cannot be opened");
}

TEST_CASE("loader: files that are there but all broken stop the run in the first step") {
  const TestSet set(30);
  for (int i = 0; i < 30; ++i) set.spoil(i);
  Loader loader({set.manifest()}, tokenizer(), fake_decode, small_options());
  EXPECT_ERROR(loader.next(), io, "16 samples in a row cannot be read");
}

TEST_CASE("loader: options of every question, padded to the longest list") {
  const TestSet set(3, Task::mc_qa);
  LoaderOptions options = small_options(3);
  options.training = false;
  options.max_text_len = 30;
  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  const Batch b = *loader.next();
  CHECK(b.option_counts == std::vector<std::int64_t>{2, 3, 4});
  CHECK(b.options.ids.shape() == Shape{3, 4, 30});
  CHECK(b.labels.to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 1, 0});
  CHECK_FALSE(b.text.ids.defined());
  // A missing option is an empty text: [CLS] [SEP].
  const auto mask = b.options.mask.to_vector<std::int64_t>();
  CHECK(std::count(mask.begin() + 2 * 30, mask.begin() + 3 * 30, 1) == 2);
  // [CLS] what ? options : option 0 option 1 answer : option 0 [SEP]; "options", ":" and "1answer" are unknown.
  CHECK(std::count(mask.begin(), mask.begin() + 30, 1) == 13);
}

TEST_CASE("loader: false videos from the batch show another scene") {
  const TestSet set(16);
  LoaderOptions options = small_options(8);
  options.training = true;
  options.false_videos = FalseVideos::batch;
  Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
  for (int step = 0; step < 4; ++step) {
    const Batch b = *loader.next();
    const auto labels = b.vtm_labels.to_vector<std::int64_t>();
    CHECK(std::count(labels.begin(), labels.end(), 1) == 4);
    const auto own = b.frames.to_vector<float>(), other = b.false_frames.to_vector<float>();
    for (std::size_t i = 0; i < 8; ++i) {
      if (labels[i] == 1) continue;
      const auto begin = static_cast<std::ptrdiff_t>(i * 2304);
      CHECK_FALSE(std::equal(own.begin() + begin, own.begin() + begin + 2304, other.begin() + begin));
    }
  }
}

TEST_CASE("loader: images of several sizes are padded; one image batch and one video batch a step") {
  const TestSet set(9);
  const DecodeFunction images = [](const DecodeRequest& request) {
    DecodeResult result = fake_decode(request);
    const std::int64_t width = request.source.path.ends_with("/0.mp4") ? 100 : 60;
    result.frames = Tensor::full({1, 60, width, 3}, 255, {DType::u8, Device{}});
    return result;
  };
  LoaderOptions options = small_options(9);
  options.images = true;
  options.image.size = 64;
  Loader image({set.manifest()}, tokenizer(), images, options);
  Loader video({set.manifest()}, tokenizer(), fake_decode, small_options(3));
  CoLoader both(video, image);
  CHECK(both.steps_per_epoch() == 1);
  both.seek(2);
  const CoLoader::Step step = both.next();
  CHECK(step.video.step == 2);
  CHECK(step.video.frames.dim(1) == 3);
  REQUIRE(step.image.frames.shape() == Shape{9, 1, 3, 64, 96});
  const auto pixels = step.image.frames.to_vector<float>();
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(pixels[i * 3 * 64 * 96] == 1.0F);
    CHECK(pixels[i * 3 * 64 * 96 + 95] == (step.image.ids[i] == "v0" ? 1.0F : 0.0F));
  }
}

TEST_CASE("loader: several manifests are one data set") {
  const TestSet a(5), b(7);
  LoaderOptions options = small_options(12);
  Loader loader({a.manifest(), b.manifest()}, tokenizer(), fake_decode, options);
  CHECK(loader.samples() == 12);
  const Batch batch = *loader.next();
  std::map<std::string, int> counts;
  for (const std::string& id : batch.ids) ++counts[id];
  CHECK(counts["v4"] == 2);
  CHECK(counts["v6"] == 1);
  const TestSet qa(5, Task::qa);
  EXPECT_ERROR(Loader({a.manifest(), qa.manifest()}, tokenizer(), fake_decode, options), config, "has the task qa");
}

TEST_CASE("loader: it says how long it was waited for, and for what") {
  const TestSet set(8);
  const DecodeFunction slow = [](const DecodeRequest& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return fake_decode(request);
  };
  Loader loader({set.manifest()}, tokenizer(), slow, small_options());
  for (int step = 0; step < 3; ++step) loader.next();
  const LoaderTimes& times = loader.times();
  CHECK(times.batches == 3);
  CHECK(times.busy.decode >= 12 * 0.02);
  CHECK(times.wait > 0.02);
  CHECK(times.wait_for.decode > 0.5 * times.wait);
  CHECK(times.wait_for.total() == doctest::Approx(times.wait));
}

TEST_CASE("loader: reading the file is disk, not decoding") {
  const TestSet set(8);
  const DecodeFunction slow = [](const DecodeRequest& request) {
    DecodeResult result = fake_decode(request);
    result.read_seconds = 1000;  // more than the call took, so that nothing is left for decoding
    return result;
  };
  Loader loader({set.manifest()}, tokenizer(), slow, small_options());
  for (int step = 0; step < 3; ++step) loader.next();
  const LoaderTimes& times = loader.times();
  CHECK(times.busy.disk >= 12 * 1000);
  CHECK(times.busy.decode == 0);
}

TEST_CASE("loader: it can be given up at any time") {
  const TestSet set(20);
  for (int i = 0; i < 20; ++i) {
    LoaderOptions options = small_options();
    options.threads = 3;
    Loader loader({set.manifest()}, tokenizer(), fake_decode, options);
    if (i % 3 > 0) loader.next();
    if (i % 2 > 0) loader.seek(i);
  }
}

TEST_CASE("loader: options that cannot be") {
  const TestSet set(5);
  const auto expect = [&](const LoaderOptions& options, const std::string& reason) {
    EXPECT_ERROR(Loader({set.manifest()}, tokenizer(), fake_decode, options), config, reason);
  };
  expect(small_options(0), "batch size is 0, expected at least 1");
  expect(small_options(6), "the data set has 5 samples, one step takes 6");
  LoaderOptions options = small_options(1);
  options.false_videos = FalseVideos::batch;
  expect(options, "batch size is 1, expected at least 2");
  options = small_options();
  options.rank = 2;
  options.ranks = 2;
  expect(options, "rank 2 of 2");
  EXPECT_ERROR(Loader({}, tokenizer(), fake_decode, small_options()), config, "got no manifest");
}

}  // namespace
}  // namespace aio
