#pragma once
// aio_train on the emulated device (cuda/emulation): a model of 16 channels on two frames of 32 x 32 pixels, 0.4 s a
// step.

#include <doctest/doctest.h>

#include "apps/common/xxh64.h"
#include "tests/apps/train_runs.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::test {

inline std::vector<std::string> emulated_run(const std::string& run, int steps, const std::string& device,
                                             std::vector<std::string> more = {}) {
  const std::vector<std::string> small = {"model.image_size=32",   "model.patch_size=16",     "model.frames=2",
                                          "model.max_text_len=16", "train.batch=2",           "train.clip_norm=0.5",
                                          "log.every=1",           "optim.schedule=constant", "eval.every=0",
                                          "data.eval_split=",      "checkpoint.every=2",      "run.device=" + device};
  more.insert(more.begin(), small.begin(), small.end());
  std::vector<std::string> command = arguments("pretrain", run, steps, more);
  command[0] = AIO_BIN "/aio_train_emulated";
  return command;
}

/// Trains `task` for four steps, as they are and with run.cuda_graph; weights, optimizer and metrics must be the same,
/// byte for byte. What the second run said of its replays.
inline std::string replayed_run(const std::string& task, std::vector<std::string> settings) {
  const TempDir dir;
  const int steps = 4;
  const auto train = [&](const std::string& graph) {
    std::vector<std::string> all = {"train.task=" + task, "data.train=[\"" + data_set() + "/" + task + "\"]",
                                    // Texts are longer: without their padding they have the same sizes as with it.
                                    "model.max_text_len=4", "run.cuda_graph=" + graph};
    all.insert(all.end(), settings.begin(), settings.end());
    REQUIRE(run(emulated_run(dir / graph, steps, "cuda", all), dir / graph + ".log") == 0);
  };
  train("off");
  train("auto");
  for (const std::string file :
       {"weights.safetensors", "metrics.jsonl", "checkpoints/step-000004/training.safetensors"}) {
    INFO(task, " ", file);
    CHECK(apps::xxh64_file(dir / "off" + "/" + file) == apps::xxh64_file(dir / "auto" + "/" + file));
  }
  const std::string log = read_text_file(dir / "auto.log");
  const std::size_t said = log.find("run.cuda_graph: ");
  REQUIRE(said != std::string::npos);
  return log.substr(said, log.find('\n', said) - said);
}

}  // namespace aio::test
