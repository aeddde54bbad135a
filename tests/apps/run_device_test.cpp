// run.device and --device: what they say and how programs end where there is no GPU; and training and evaluating on the
// emulated one, beside the CPU.

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/common/xxh64.h"
#include "cuda/install.h"
#include "tests/apps/emulated_runs.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

using namespace aio;
using namespace aio::test;

namespace {

bool mentions(const std::string& file, const std::string& text) {
  return read_text_file(file).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("aio_train, aio_eval: cuda without a GPU ends with 6, nonsense with 2, auto says that the CPU computes") {
  const TempDir dir;
  const auto train = [&](const std::string& device) {
    return wait_for(start(arguments("pretrain", dir / device, 1, {"run.device=" + device}), dir / device + ".log"));
  };
  CHECK(train("gpu") == 2);
  CHECK(mentions(dir / "gpu.log", "\"gpu\""));
  if (cuda::install()) return;
  CHECK(train("cuda") == 6);
  CHECK(mentions(dir / "cuda.log", "device cuda: "));
  CHECK(mentions(dir / "cuda.log", "choose cpu or auto"));
  REQUIRE(train("auto") == 0);
  CHECK(mentions(dir / "auto.log", "computing on the CPU: "));

  const auto other = [&](const std::string& program, const std::string& command, const std::string& device) {
    std::vector<std::string> all = {AIO_BIN "/" + program, command, "--checkpoint", dir / "auto", "--device", device};
    const std::vector<std::string> eval = {"--data", data_set() + "/pretrain", "--split", "val"};
    const std::vector<std::string> draw = {"--video", data_set(), "--text", "a dog", "--out", dir / "out"};
    const std::vector<std::string>& rest = program == "aio_eval" ? eval : draw;
    all.insert(all.end(), rest.begin(), rest.end());
    return wait_for(start(all, dir / program + command + device));
  };
  CHECK(other("aio_eval", "retrieval", "cuda") == 6);
  CHECK(mentions(dir / "aio_evalretrievalcuda", "choose cpu or auto"));
  CHECK(other("aio_eval", "pretrain", "tpu") == 2);
  CHECK(other("aio_eval", "pretrain", "auto") == 0);
  CHECK(mentions(dir / "aio_evalpretrainauto", "computing on the CPU: "));
  CHECK(other("aio_visualize", "cloze", "cuda") == 6);
}

#if defined(AIO_EMULATED_PROGRAMS)

TEST_CASE(
    "aio_train on the emulated device follows the CPU's losses, and a run that was cut goes on to the same bytes") {
  const TempDir dir;
  const int steps = 2;
  REQUIRE(run(emulated_run(dir / "cpu", steps, "cpu"), dir / "log") == 0);
  REQUIRE(run(emulated_run(dir / "gpu", steps, "cuda"), dir / "log") == 0);
  const auto cpu = metrics_of(dir / "cpu"), gpu = metrics_of(dir / "gpu");
  REQUIRE(cpu.size() == static_cast<std::size_t>(steps));
  REQUIRE(gpu.size() == cpu.size());
  double worst = 0;
  for (std::size_t i = 0; i < cpu.size(); ++i) {
    for (const char* name : {"mlm", "vtm", "vtc", "grad_norm"}) {
      if (!cpu[i].contains(name)) continue;
      const double expected = cpu[i][name].get<double>(), found = gpu[i][name].get<double>();
      worst = std::max(worst, std::abs(found - expected) / std::max(1.0, std::abs(expected)));
    }
    CHECK(cpu[i]["mlm_accuracy"] == gpu[i]["mlm_accuracy"]);
  }
  MESSAGE("largest difference " << worst);
  CHECK(worst < 1e-4);
  CHECK(mentions(dir / "gpu/environment.json", "emulated"));

  // Weights, moments and averages went from the device to the disk and back.
  REQUIRE(run(emulated_run(dir / "cut", 1, "cuda"), dir / "log") == 0);
  REQUIRE(run(emulated_run(dir / "cut", steps, "cuda"), dir / "log") == 0);
  for (const char* file : {"weights.safetensors", "checkpoints/step-000002/training.safetensors"}) {
    INFO(file);
    CHECK(apps::xxh64_file(dir / "gpu" + "/" + file) == apps::xxh64_file(dir / "cut" + "/" + file));
  }
}

TEST_CASE("aio_train on the emulated device: steps that are not finite change nothing, and the first bad op is named") {
  const TempDir dir;
  REQUIRE(run(emulated_run(dir / "first", 1, "cuda", {"train.ema=0"}), dir / "log") == 0);
  plant_infinity(dir / "first/weights.safetensors", dir / "planted.safetensors", "transformer.blocks.1.mlp.fc1.weight");
  const std::vector<std::string> planted = {"model.init=" + (dir / "planted.safetensors"), "train.ema=0",
                                            "train.max_skipped=2"};
  CHECK(wait_for(start(emulated_run(dir / "stops", 4, "cuda", planted), dir / "log")) == 5);
  const auto dump = nlohmann::json::parse(read_text_file(dir / "stops/non-finite-step-2.json"));
  CHECK(dump["first_bad_op"].get<std::string>().rfind("mlp", 0) == 0);
}

TEST_CASE("aio_train on the emulated device: replayed steps train to the same bytes") {
  const std::vector<std::string> captions = {"data.train=[\"" + data_set() + "/pretrain\"]", "log.every=2"};
  CHECK(replayed_run("contrastive", captions).find(": 3 of 4 steps were replays") != std::string::npos);
}

TEST_CASE("aio_eval on the emulated device gives the CPU's metrics") {
  const TempDir dir;
  REQUIRE(run(emulated_run(dir / "run", 1, "cpu"), dir / "log") == 0);
  const auto metrics = [&](const std::string& task, const std::string& device) {
    const std::string log = dir / task + device;
    const std::vector<std::string> command = {AIO_BIN "/aio_eval_emulated",
                                              task,
                                              "--checkpoint",
                                              dir / "run",
                                              "--data",
                                              data_set() + "/pretrain",
                                              "--split",
                                              "val",
                                              "--device",
                                              device,
                                              "--json"};
    REQUIRE(run(command, log) == 0);
    return nlohmann::json::parse(read_text_file(log + ".out"))["metrics"];
  };
  CHECK(metrics("pretrain", "cpu") == metrics("pretrain", "cuda"));
}

#endif
