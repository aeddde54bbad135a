// A run's checkpoints: whole or not at all, the newest whole one wins, damage is found.

#include "apps/trainer/run_checkpoint.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tensor/random.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"

using namespace aio;
using namespace aio::apps;
namespace fs = std::filesystem;

namespace {

RunState state_at(std::int64_t step) {
  const RngKey key{7, static_cast<std::uint32_t>(step), 0};
  return {
      step, R"({"epoch":3,"best":0.5})", {{"w", normal({3, 4}, 0, 1, key)}}, {{"exp_avg.w", uniform({12}, 0, 1, key)}}};
}

void flip_byte(const std::string& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(byte);
}

}  // namespace

TEST_CASE("run checkpoints: what is saved is loaded") {
  const test::TempDir dir;
  const std::string path = dir / "checkpoints";
  CheckpointFolder folder(path);
  std::vector<std::string> warnings;
  CHECK_FALSE(load_newest_state(path, warnings).has_value());
  for (const std::int64_t step : {10, 20, 1234567}) folder.save(state_at(step));
  CHECK(folder.steps() == std::vector<std::int64_t>{10, 20, 1234567});
  CHECK(fs::exists(dir / "checkpoints/step-000010/weights.safetensors"));
  const auto newest = load_newest_state(path, warnings);
  REQUIRE(newest.has_value());
  CHECK(warnings.empty());
  CHECK(newest->step == 1234567);
  CHECK(newest->json == R"({"best":0.5,"epoch":3})");
  CHECK(newest->weights.at("w").to_vector<float>() == state_at(1234567).weights.at("w").to_vector<float>());
  CHECK(newest->training.at("exp_avg.w").to_vector<float>() ==
        state_at(1234567).training.at("exp_avg.w").to_vector<float>());
  folder.save(state_at(20));  // over an existing one
  CHECK(load_run_state(folder.path_of(20)).step == 20);
}

TEST_CASE("run checkpoints: damage is found, and the one before is taken") {
  const test::TempDir dir;
  const std::string path = dir / "c";
  CheckpointFolder folder(path);
  folder.save(state_at(1));
  folder.save(state_at(2));
  const std::string damaged = folder.path_of(2);
  SUBCASE("a flipped bit in the weights") {
    flip_byte(damaged + "/weights.safetensors",
              static_cast<std::streamoff>(fs::file_size(damaged + "/weights.safetensors")) - 3);
    EXPECT_ERROR(load_run_state(damaged), format, "weights.safetensors: its checksum is not the one in state.json");
  }
  SUBCASE("a truncated file") {
    fs::resize_file(damaged + "/training.safetensors", 40);
    EXPECT_ERROR(load_run_state(damaged), format, "training.safetensors: has 40 bytes, state.json says");
  }
  SUBCASE("a missing file") {
    fs::remove(damaged + "/weights.safetensors");
    EXPECT_ERROR(load_run_state(damaged), io, "weights.safetensors: No such file");
  }
  SUBCASE("no state") {
    fs::remove(damaged + "/state.json");
    EXPECT_ERROR(load_run_state(damaged), io, "state.json: cannot be read");
  }
  SUBCASE("a state that is no JSON") {
    std::ofstream(damaged + "/state.json") << "{";
    EXPECT_ERROR(load_run_state(damaged), format, "state.json: is not the state of a run");
  }
  std::vector<std::string> warnings;
  const auto newest = load_newest_state(path, warnings);
  REQUIRE(newest.has_value());
  CHECK(newest->step == 1);
  CHECK(warnings.size() == 1);
}

TEST_CASE("run checkpoints: leftovers of a killed writer go, the others stay") {
  const test::TempDir dir;
  {
    CheckpointFolder folder(dir / "c");
    folder.save(state_at(5));
  }
  fs::create_directory(dir / "c/.partial-6-123");
  std::ofstream(dir / "c/.partial-6-123/weights.safetensors") << "half";
  CheckpointFolder folder(dir / "c");
  CHECK_FALSE(fs::exists(dir / "c/.partial-6-123"));
  CHECK(folder.steps() == std::vector<std::int64_t>{5});
}

TEST_CASE("run checkpoints: the last K and the best are kept") {
  const test::TempDir dir;
  CheckpointFolder folder(dir / "c");
  for (std::int64_t step = 1; step <= 6; ++step) folder.save(state_at(step));
  folder.prune(2, {3});
  CHECK(folder.steps() == std::vector<std::int64_t>{3, 5, 6});
}

TEST_CASE("run checkpoints: a failed save leaves the old one") {
  const test::TempDir dir;
  CheckpointFolder folder(dir / "c");
  folder.save(state_at(5));
  RunState bad = state_at(6);
  bad.json = "no JSON";
  CHECK_THROWS(folder.save(bad));
  CHECK(folder.steps() == std::vector<std::int64_t>{5});
  CHECK(std::distance(fs::directory_iterator(dir / "c"), fs::directory_iterator{}) == 1);
}
