// 200 training steps on the emulated device beside the CPU.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/apps/emulated_runs.h"
#include "tests/temp_dir.h"

using namespace aio;
using namespace aio::test;

#if defined(AIO_EMULATED_PROGRAMS)

TEST_CASE("aio_train on the emulated device follows the CPU's losses for 200 steps") {
  const TempDir dir;
  const std::vector<std::string> more = {"checkpoint.every=0", "optim.schedule=linear", "optim.lr=2e-3"};
  REQUIRE(run(emulated_run(dir / "cpu", 200, "cpu", more), dir / "log") == 0);
  REQUIRE(run(emulated_run(dir / "gpu", 200, "cuda", more), dir / "log") == 0);
  const auto cpu = metrics_of(dir / "cpu"), gpu = metrics_of(dir / "gpu");
  REQUIRE(cpu.size() == 200);
  REQUIRE(gpu.size() == 200);
  double worst = 0;
  for (std::size_t i = 0; i < cpu.size(); ++i) {
    for (const char* name : {"mlm", "vtm", "vtc"}) {
      worst = std::max(worst, std::abs(cpu[i].value(name, 0.0) - gpu[i].value(name, 0.0)));
    }
  }
  MESSAGE("largest difference of a loss: " << worst);
  CHECK(worst < 1e-3);
  CHECK(cpu.back().value("mlm", 10.0) < 0.9 * cpu.front().value("mlm", 0.0));  // something was learned
}

TEST_CASE("aio_train on the emulated device: replayed steps of every task train to the same bytes") {
  const auto ends = [](const std::string& task, const std::vector<std::string>& settings, const std::string& expected) {
    const std::string said = replayed_run(task, settings);
    INFO(task, ": ", said);
    CHECK(said.find(expected) != std::string::npos);
  };
  ends("qa", {}, ": 3 of 4 steps");
  ends("action", {"data.prompt=what is it doing"}, ": 3 of 4 steps");
  ends("choice", {}, ": 3 of 4 steps");
  ends("retrieval", {"data.false_texts=2", "data.train=[\"" + data_set() + "/pretrain\"]"}, ": 3 of 4 steps");
  ends("pretrain", {}, " of 4 steps");  // as many as happen to have equally many masked words
  ends("pretrain", {"loss.wpa=1", "loss.vtc=1"}, " of 4 steps");
  ends("pretrain", {"loss.mpp=1"}, "no step was replayed: record: ");
  ends("caption", {}, "no step was replayed: cuda: writing the host's numbers in a step that is being recorded");
}

TEST_CASE("aio_train on the emulated device: replayed steps that are not finite change nothing") {
  const TempDir dir;
  REQUIRE(run(emulated_run(dir / "first", 1, "cuda", {"train.ema=0"}), dir / "log") == 0);
  plant_infinity(dir / "first/weights.safetensors", dir / "planted.safetensors", "transformer.blocks.1.mlp.fc1.weight");
  const std::vector<std::string> planted = {"model.init=" + (dir / "planted.safetensors"), "train.ema=0",
                                            "train.max_skipped=4", "train.task=contrastive", "run.cuda_graph=auto"};
  CHECK(wait_for(start(emulated_run(dir / "stops", 6, "cuda", planted), dir / "log")) == 5);
  const auto dump = nlohmann::json::parse(read_text_file(dir / "stops/non-finite-step-4.json"));
  CHECK(dump["first_bad_op"].get<std::string>().rfind("mlp", 0) == 0);
}

#else

TEST_CASE("aio_train on the emulated device") { MESSAGE("skipped: this build has no emulation"); }

#endif
