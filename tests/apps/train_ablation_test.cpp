// aio_train --ablate: what is varied, what is compared, what a second call repeats.

#include "apps/trainer/ablation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/trainer/train_config.h"
#include "tests/apps/train_runs.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"

using namespace aio;
using namespace aio::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> ablation(const std::string& folder, const std::string& variants,
                                  const std::vector<std::string>& more = {}) {
  std::vector<std::string> settings = {"data.kinds=[\"motion\"]", "eval.every=4", "log.every=4", "checkpoint.every=0"};
  settings.insert(settings.end(), more.begin(), more.end());
  std::vector<std::string> all = arguments("qa", folder, 8, settings);
  for (const char* argument : {"--ablate", variants.c_str(), "--seeds", "2", "--json", "--quiet"}) {
    all.emplace_back(argument);
  }
  return all;
}

}  // namespace

TEST_CASE("aio_train: an ablation trains every variant with every seed, and repeats nothing") {
  const TempDir dir;
  const std::string folder = dir / "direction";
  REQUIRE(run(ablation(folder, "roll=roll,none"), dir / "log") == 0);
  const nlohmann::json table = nlohmann::json::parse(read_file(folder + "/ablation.json"));
  CHECK(read_file(dir / "log.out") == read_file(folder + "/ablation.json"));  // --json, and nothing else
  CHECK(table["key"] == "model.roll");
  CHECK(table["metric"] == "acc_all_motion");
  CHECK(table["seeds"] == nlohmann::json({5, 6}));
  REQUIRE(table["variants"].size() == 2);
  for (const auto& variant : table["variants"]) {
    REQUIRE(variant["values"].size() == 2);
    const double a = variant["values"][0], b = variant["values"][1];
    CHECK(variant["mean"].get<double>() == doctest::Approx((a + b) / 2));
    CHECK(variant["std"].get<double>() == doctest::Approx(std::abs(a - b) / std::sqrt(2.0)));
    CHECK(variant["steps"] == 8);
    CHECK(variant["gmacs"].get<double>() > 0);
    CHECK(variant["seconds"][0].get<double>() > 0);
    CHECK(variant["steps_to"].size() == 2);
    for (const char* seed : {"5", "6"}) {
      const auto lines = metrics_of(folder + "/" + variant["name"].get<std::string>() + "-seed" + seed);
      CHECK(lines.back()["acc_all_motion"] == variant["values"][static_cast<std::size_t>(seed[0] - '5')]);
    }
  }

  // One of four runs is lost: only that one is trained again, and the table is the same.
  const auto untouched = fs::last_write_time(folder + "/roll-seed5/weights.safetensors");
  const std::string lost = folder + "/none-seed6";
  const std::string metrics = read_file(lost + "/metrics.jsonl");
  fs::remove_all(lost);
  REQUIRE(run(ablation(folder, "roll=roll,none"), dir / "log") == 0);
  CHECK(fs::last_write_time(folder + "/roll-seed5/weights.safetensors") == untouched);
  CHECK(read_file(lost + "/metrics.jsonl") == metrics);

  // Finished runs of another configuration are not taken for this one's.
  fs::remove(dir / "log");
  CHECK(wait_for(start(ablation(folder, "roll=roll,none", {"optim.lr=1e-3"}), dir / "log")) == 2);
  CHECK(read_file(dir / "log").find("another configuration") != std::string::npos);
}

TEST_CASE("aio_train: a mistake in an ablation's last variant is found before the first run") {
  const TempDir dir;
  const std::string folder = dir / "direction";
  CHECK(wait_for(start(ablation(folder, "roll=none,rol"), dir / "log")) == 2);
  CHECK(read_file(dir / "log").find("rol") != std::string::npos);
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("ablation: key=value,value") {
  const apps::TrainConfig config;
  const apps::Variants rolls = apps::parse_variants("roll=none,roll", config.keys);
  CHECK(rolls.key == "model.roll");
  CHECK(rolls.values == std::vector<std::string>{"none", "roll"});
  const apps::Variants freezes = apps::parse_variants("train.freeze=[],[\"a\",\"b\"]", config.keys);
  CHECK(freezes.key == "train.freeze");
  CHECK(freezes.values == std::vector<std::string>{"[]", "[\"a\",\"b\"]"});
  CHECK(apps::parse_variants("batch=1,2", config.keys).key == "batch");  // train.batch or eval.batch?
  EXPECT_ERROR(apps::parse_variants("roll", config.keys), config, "expected key=value,value");
  EXPECT_ERROR(apps::parse_variants("roll=none,none", config.keys), config, "none stands twice");
}
