// What happens to a run when it is killed, stopped, when the disk is full, when numbers or files are bad.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/common/xxh64.h"
#include "tensor/safetensors.h"
#include "tests/apps/train_runs.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

using namespace aio;
using namespace aio::test;
namespace fs = std::filesystem;

namespace {

/// Waits until the run's log says that it trains.
void wait_until_it_trains(const std::string& log) {
  for (int i = 0; i < 600 && read_text_file(log).find("training ") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void cut_in_half(const std::string& path) { fs::resize_file(path, fs::file_size(path) / 2); }

}  // namespace

TEST_CASE("aio_train: killed and resumed, a run ends with the same bytes") { check_killed_and_resumed(6); }

TEST_CASE("aio_train: SIGTERM finishes the step, saves and ends with 143; --resume goes on") {
  const TempDir dir;
  const std::string folder = dir / "run";
  const auto command = arguments("pretrain", folder, 100'000, {"checkpoint.every=0", "eval.every=0"});
  const pid_t child = start(command, dir / "log");
  for (int i = 0; i < 600 && metrics_of(folder).empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  kill(child, SIGTERM);
  CHECK(wait_for(child) == 143);
  CHECK(std::distance(fs::directory_iterator(folder + "/checkpoints"), fs::directory_iterator{}) == 1);
}

TEST_CASE("aio_train: a second SIGINT ends it at once, with 130") {
  const TempDir dir;
  // One step of so many batches that it takes minutes.
  const pid_t child = start(arguments("pretrain", dir / "run", 10, {"train.accumulate=100000"}), dir / "log");
  wait_until_it_trains(dir / "log");
  kill(child, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(waitpid(child, nullptr, WNOHANG) == 0);  // the step goes on
  kill(child, SIGINT);
  CHECK(wait_for(child) == 130);
  CHECK(fs::is_empty(dir / "run/checkpoints"));
}

TEST_CASE("aio_train: on a full disk the old checkpoint stays, the run ends with 6 and can be resumed") {
  const TempDir dir;
  const std::vector<std::string> more = {"checkpoint.every=10", "checkpoint.keep=100", "eval.every=0"};
  REQUIRE(run(arguments("pretrain", dir / "whole", 100, more), dir / "log") == 0);
  const auto command = arguments("pretrain", dir / "full", 100, more);
  const pid_t child = start(command, dir / "log_full");
  while (!fs::exists(dir / "full/checkpoints/step-000010")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  // From now on there is room for lines of metrics and not for weights.
  const rlimit limit{96 << 10, 96 << 10};
  REQUIRE(prlimit(child, RLIMIT_FSIZE, &limit, nullptr) == 0);
  CHECK(wait_for(child) == 6);
  const std::string log = read_text_file(dir / "log_full");
  INFO(log);
  CHECK(log.find("the checkpoint of step 100 was NOT saved") != std::string::npos);
  CHECK(fs::exists(dir / "full/checkpoints/step-000010"));
  CHECK_FALSE(fs::exists(dir / "full/checkpoints/step-000100"));
  CHECK_FALSE(fs::exists(dir / "full/weights.safetensors"));
  REQUIRE(run(command, dir / "log") == 0);
  for (const char* name : {"weights.safetensors", "metrics.jsonl"}) {
    CHECK(apps::xxh64_file(dir / "whole" + "/" + name) == apps::xxh64_file(dir / "full" + "/" + name));
  }
}

TEST_CASE("aio_train: steps that are not finite are skipped and named; too many end it with 5 and say where from") {
  const TempDir dir;
  // A learning rate that throws the weights out of range.
  const auto wild = arguments(
      "pretrain", dir / "wild", 40,
      {"optim.lr=99", "optim.eps=1e-30", "optim.warmup=0", "optim.kind=sgd", "train.max_skipped=5", "eval.every=0"});
  CHECK(wait_for(start(wild, dir / "log")) == 5);
  nlohmann::json dump;
  for (const auto& entry : fs::directory_iterator(dir / "wild")) {
    if (entry.path().filename().string().rfind("non-finite-step-", 0) == 0) {
      dump = nlohmann::json::parse(read_text_file(entry.path().string()));
    }
  }
  REQUIRE(dump.is_object());
  CHECK(dump["samples"].size() == 8);
  CHECK(dump["first_bad_op"].get<std::string>().find("not finite") != std::string::npos);
  int named = 0;
  for (const auto& line : metrics_of(dir / "wild")) named += line.contains("samples") ? 1 : 0;
  CHECK(named >= 5);

  // A weight that is infinite from the start: the op that meets it first is named, and the model stays as it is.
  REQUIRE(run(arguments("pretrain", dir / "first", 2, {"train.ema=0"}), dir / "log") == 0);
  plant_infinity(dir / "first/weights.safetensors", dir / "planted.safetensors", "transformer.blocks.1.mlp.fc1.weight");
  const std::vector<std::string> planted = {"model.init=" + (dir / "planted.safetensors"), "train.ema=0",
                                            "eval.every=0", "data.eval_split="};
  CHECK(wait_for(start(arguments("pretrain", dir / "stops", 10, planted), dir / "log")) == 5);
  dump = nlohmann::json::parse(read_text_file(dir / "stops/non-finite-step-5.json"));
  INFO(dump.dump());
  CHECK(dump["first_bad_op"].get<std::string>().rfind("mlp", 0) == 0);

  std::vector<std::string> patient = planted;
  patient.emplace_back("train.max_skipped=100");
  REQUIRE(run(arguments("pretrain", dir / "goes_on", 10, patient), dir / "log") == 0);
  CHECK(metrics_of(dir / "goes_on").back()["skipped"] == 10);
  const auto given = load_safetensors(dir / "planted.safetensors");
  for (const auto& [name, tensor] : load_safetensors(dir / "goes_on/weights.safetensors")) {
    const std::string& which = name;
    INFO(which);
    CHECK(tensor.to_vector<float>() == given.at(name).to_vector<float>());
  }
}

TEST_CASE("aio_train: a damaged checkpoint is passed over; with none whole it ends with 4") {
  const TempDir dir;
  const std::string folder = dir / "run";
  const auto command = arguments("pretrain", folder, 12, {"checkpoint.keep=2"});
  REQUIRE(run(command, dir / "log") == 0);
  const std::string metrics = read_text_file(folder + "/metrics.jsonl");
  const std::uint64_t weights = apps::xxh64_file(folder + "/weights.safetensors");
  cut_in_half(folder + "/checkpoints/step-000012/training.safetensors");
  fs::remove(dir / "log");
  REQUIRE(run(command, dir / "log") == 0);
  CHECK(read_text_file(dir / "log").find("passed over: ") != std::string::npos);
  CHECK(read_text_file(dir / "log").find("resumed at step 8 of 12") != std::string::npos);
  CHECK(read_text_file(folder + "/metrics.jsonl") == metrics);
  CHECK(apps::xxh64_file(folder + "/weights.safetensors") == weights);

  for (const char* step : {"000008", "000012"}) cut_in_half(folder + "/checkpoints/step-" + step + "/state.json");
  CHECK(wait_for(start(command, dir / "log")) == 4);
}

TEST_CASE("aio_train: a run that is there is not overwritten, nor is one that is at work joined") {
  const TempDir dir;
  const std::string folder = dir / "run";
  auto command = arguments("pretrain", folder, 100'000, {"eval.every=0"});
  const pid_t child = start(command, dir / "log");
  wait_until_it_trains(dir / "log");
  fs::remove(dir / "second");
  CHECK(wait_for(start(command, dir / "second")) == 2);
  CHECK(read_text_file(dir / "second").find("another run is at work here") != std::string::npos);
  while (!fs::exists(folder + "/checkpoints/step-000004")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(child, SIGKILL);
  wait_for(child);
  command[2] = "never";
  CHECK(wait_for(start(command, dir / "third")) == 2);
  CHECK(read_text_file(dir / "third").find("holds a run already") != std::string::npos);
}

TEST_CASE("aio_train: clips that cannot be read are named, replaced in training and wrong in evaluation") {
  const TempDir dir;
  fs::copy(data_set(), dir / "set", fs::copy_options::recursive);
  for (const char* clip : {"train/000003.mp4", "val/000005.mp4"}) cut_in_half((dir / "set/clips/") + clip);
  const std::string train = "data.train=[\"" + (dir / "set") + "/retrieval\"]";
  // 6 batches of 8 are all 48 samples.
  const auto command = arguments("retrieval", dir / "run", 6, {train, "data.max_bad=0.1", "data.false_texts=2"});
  REQUIRE(run(command, dir / "log") == 0);
  const std::string log = read_text_file(dir / "log");
  CHECK(log.find("unreadable, replaced: train.jsonl:4: ") != std::string::npos);
  CHECK(log.find("1 of 48 samples unreadable") != std::string::npos);
  const nlohmann::json last = metrics_of(dir / "run").back();
  CHECK(last["unreadable"] == 1.0);
  CHECK(last["vtm_t2v_r10_readable"] >= last["vtm_t2v_r10"]);
}

TEST_CASE("aio_train: too many clips that cannot be read end it with 3, naming one") {
  const TempDir dir;
  fs::copy(data_set(), dir / "set", fs::copy_options::recursive);
  for (const auto& entry : fs::directory_iterator(dir / "set/clips/train")) cut_in_half(entry.path().string());
  const std::string train = "data.train=[\"" + (dir / "set") + "/pretrain\"]";
  CHECK(wait_for(start(arguments("pretrain", dir / "run", 10, {train}), dir / "log")) == 3);
  CHECK(read_text_file(dir / "log").find(".mp4") != std::string::npos);
}
