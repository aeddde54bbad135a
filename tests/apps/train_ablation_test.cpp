// aio_train --ablate: what is varied, what is compared, what a second call repeats.

#include "apps/trainer/ablation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/trainer/train_config.h"
#include "apps/trainer/variants.h"
#include "tests/apps/train_runs.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

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
  const nlohmann::json table = nlohmann::json::parse(read_text_file(folder + "/ablation.json"));
  CHECK(read_text_file(dir / "log.out") == read_text_file(folder + "/ablation.json"));  // --json, and nothing else
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
  const std::string metrics = read_text_file(lost + "/metrics.jsonl");
  fs::remove_all(lost);
  REQUIRE(run(ablation(folder, "roll=roll,none"), dir / "log") == 0);
  CHECK(fs::last_write_time(folder + "/roll-seed5/weights.safetensors") == untouched);
  CHECK(read_text_file(lost + "/metrics.jsonl") == metrics);

  // Finished runs of another configuration are not taken for this one's.
  fs::remove(dir / "log");
  CHECK(wait_for(start(ablation(folder, "roll=roll,none", {"optim.lr=1e-3"}), dir / "log")) == 2);
  CHECK(read_text_file(dir / "log").find("another configuration") != std::string::npos);
}

TEST_CASE("aio_train: a mistake in an ablation's last variant is found before the first run") {
  const TempDir dir;
  const std::string folder = dir / "direction";
  CHECK(wait_for(start(ablation(folder, "roll=none,rol"), dir / "log")) == 2);
  CHECK(read_text_file(dir / "log").find("rol") != std::string::npos);
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("ablation: key=value,value, or a file each") {
  const apps::TrainConfig config;
  const auto names = [](const apps::Variants& parsed) {
    std::vector<std::string> all;
    for (const auto& variant : parsed.variants) all.push_back(variant.name);
    return all;
  };
  const apps::Variants rolls = apps::parse_variants("roll=none,roll", config.keys);
  CHECK(rolls.key == "model.roll");
  CHECK(names(rolls) == std::vector<std::string>{"none", "roll"});
  CHECK(rolls.variants[1].assignments == std::vector<std::string>{"model.roll=roll"});
  const apps::Variants freezes = apps::parse_variants("train.freeze=[],[\"a\",\"b\"]", config.keys);
  CHECK(freezes.key == "train.freeze");
  CHECK(names(freezes) == std::vector<std::string>{"[]", "[\"a\",\"b\"]"});
  CHECK(apps::parse_variants("batch=1,2", config.keys).key == "batch");  // train.batch or eval.batch?
  const std::string folder = AIO_TEST_DATA "/../configs/demo_cotraining/";
  const apps::Variants files = apps::parse_variants(folder + "naive.toml," + folder + "proposed.toml", config.keys);
  CHECK(files.key == "demo_cotraining");
  CHECK(names(files) == std::vector<std::string>{"naive", "proposed"});
  CHECK(files.variants[0].files == std::vector<std::string>{folder + "naive.toml"});
  EXPECT_ERROR(apps::parse_variants("roll", config.keys), config, "expected key=value,value");
  EXPECT_ERROR(apps::parse_variants("roll=none,none", config.keys), config, "none stands twice");
  EXPECT_ERROR(apps::parse_variants("a.toml,b.toml", config.keys), config, "there is no file a.toml");
}

TEST_CASE("ablation: the paper's four tables, from the configurations that are ready, at smoke size") {
  struct Table {
    const char* config;
    std::string variants;
    std::vector<std::string> names;
  };
  const std::string configs = AIO_TEST_DATA "/../configs/", cotraining = configs + "demo_cotraining/";
  const Table tables[] = {
      {"demo_direction.toml", "model.roll=roll,time_average,flatten", {"roll", "time_average", "flatten"}},
      {"demo_direction.toml", "model.frames=1,3", {"1", "3"}},
      {"demo_cotraining.toml",
       cotraining + "video-only.toml " + cotraining + "naive.toml " + cotraining + "proposed.toml",
       {"video-only", "naive", "proposed"}},
      {"demo_cotraining.toml", "model.separate_image_heads=false,true", {"false", "true"}},
  };
  for (const Table& table : tables) {
    INFO(table.variants);
    const TempDir dir;
    // As the configurations say: from a folder where runs/demo/data is the embedded set.
    fs::create_directories(dir / "runs/demo");
    fs::create_directory_symlink(data_set(), dir / "runs/demo/data");
    std::string command = "cd " + dir.path().string() + " && exec " AIO_BIN "/aio_train --config " + configs +
                          table.config + " --ablate " + table.variants + " --json --quiet";
    for (const char* setting :
         {"run.dir=table", "train.max_steps=2", "train.batch=4", "eval.every=0", "checkpoint.every=0", "model.layers=1",
          "model.hidden_size=16", "model.heads=2", "log.every=1", "log.tensorboard=false"}) {
      command += std::string(" --set ") + setting;
    }
    const std::vector<std::string> all = {"/bin/sh", "-c", command};
    REQUIRE(run(all, dir / "log") == 0);
    const nlohmann::json result = nlohmann::json::parse(read_text_file(dir / "table/ablation.json"));
    const std::string page = read_text_file(dir / "table/report.html");
    REQUIRE(result["variants"].size() == table.names.size());
    for (std::size_t i = 0; i < table.names.size(); ++i) {
      const auto& variant = result["variants"][i];
      CHECK(variant["name"] == table.names[i]);
      CHECK(variant["gmacs"].get<double>() > 0);
      CHECK(variant["seconds"][0].get<double>() > 0);
      CHECK(page.find(">" + table.names[i] + "<") != std::string::npos);
    }
    CHECK(page.find("GMACs") != std::string::npos);
    if (table.variants == "model.frames=1,3") {
      CHECK(result["variants"][1]["gmacs"].get<double>() > 2 * result["variants"][0]["gmacs"].get<double>());
    }
  }
}
