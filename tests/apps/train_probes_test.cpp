// aio_train --dry-run, --find-batch, --lr-find: what they say about a run that is not begun.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/apps/train_runs.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

using namespace aio;
using namespace aio::test;
namespace fs = std::filesystem;

namespace {

nlohmann::json ask(const TempDir& dir, std::vector<std::string> command, const std::vector<std::string>& more) {
  command.emplace_back("--json");
  command.insert(command.end(), more.begin(), more.end());
  fs::remove(dir / "log.out");
  REQUIRE(run(command, dir / "log") == 0);
  return nlohmann::json::parse(read_text_file(dir / "log.out"));
}

}  // namespace

TEST_CASE("aio_train --dry-run: an estimate, and nothing is written") {
  const TempDir dir;
  const auto command = arguments("pretrain", dir / "run", 1000, {"eval.every=100"});
  const nlohmann::json json = ask(dir, command, {"--dry-run"});
  CHECK(json["samples"] == 48);
  CHECK(json["evaluation_samples"] == 16);
  CHECK(json["steps"] == 1000);
  CHECK(json["evaluations"] == 10);
  CHECK(json["tensor_bytes"].get<std::int64_t>() > 0);
  CHECK(json["process_bytes"].get<std::int64_t>() > json["tensor_bytes"].get<std::int64_t>() / 2);
  // Weights, two moments and the average, f32, and a step for each tensor.
  const std::int64_t parameters = json["parameters"];
  CHECK(json["checkpoint_bytes"].get<std::int64_t>() >= 16 * parameters);
  CHECK(json["checkpoint_bytes"].get<std::int64_t>() <= 17 * parameters);
  const double total = json["total_seconds"], step = json["step_seconds"], evaluation = json["evaluation_seconds"];
  CHECK(total == doctest::Approx(1000 * step + 10 * evaluation));
  CHECK_FALSE(fs::exists(dir / "run"));
}

TEST_CASE("aio_train --find-batch: the largest batch that fits, found without trying one that does not") {
  const TempDir dir;
  const auto command = arguments("qa", dir / "run", 10, {"train.accumulate=2", "data.cache_mib=0"});
  const nlohmann::json all = ask(dir, command, {"--find-batch", "--memory", "64"});
  CHECK(all["largest"].get<int>() >= 100);  // all questions about 48 clips
  const auto& trials = all["trials"];
  REQUIRE(trials.size() >= 6);
  CHECK(trials[0]["batch"] == 1);

  // A limit between 16 and 32.
  const double limit = (trials[4]["bytes"].get<double>() + trials[5]["bytes"].get<double>()) / 2;
  const nlohmann::json some = ask(dir, command, {"--find-batch", "--memory", std::to_string(limit / (1 << 30))});
  CHECK(some["largest"].get<int>() > 16);
  CHECK(some["largest"].get<int>() < 32);
  for (const auto& trial : some["trials"]) CHECK(trial["bytes"].get<double>() <= 1.02 * limit);
  CHECK_FALSE(fs::exists(dir / "run"));

  std::vector<std::string> tight = command;
  for (const char* argument : {"--find-batch", "--memory", "0.00001"}) tight.emplace_back(argument);
  CHECK(wait_for(start(tight, dir / "log")) == 6);
}

TEST_CASE("aio_train --lr-find: a learning rate between too small and too large") {
  const TempDir dir;
  const auto command = arguments("pretrain", dir / "run", 10, {"optim.kind=adamw"});
  const nlohmann::json json = ask(dir, command, {"--lr-find", "--lr-steps", "60"});
  const double suggestion = json["suggestion"];
  CHECK(suggestion > 1e-5);
  CHECK(suggestion < 1);
  CHECK(json["at_minimum"].get<double>() >= suggestion);
  const auto& rates = json["lr"];
  for (std::size_t i = 1; i < rates.size(); ++i) {
    CHECK(rates[i].get<double>() / rates[i - 1].get<double>() == doctest::Approx(std::pow(1e8, 1.0 / 59)));
  }
  CHECK(nlohmann::json::parse(read_text_file(dir / "run/lr_find.json")) == json);
  CHECK_FALSE(fs::exists(dir / "run/checkpoints"));
}

TEST_CASE("aio_train --overfit-batch: the loss of one batch goes to zero") {
  const TempDir dir;
  auto command = arguments("qa", dir / "run", 120,
                           {"model.hidden_size=32", "model.dropout=0", "train.ema=0", "log.every=40",
                            "optim.kind=adamw", "optim.lr=1e-2", "data.eval_split="});
  command.emplace_back("--overfit-batch");
  REQUIRE(run(command, dir / "log") == 0);
  const auto lines = metrics_of(dir / "run");
  CHECK(lines.back()["loss"].get<double>() < 0.2 * lines[0]["loss"].get<double>());  // observed 0.09
}
