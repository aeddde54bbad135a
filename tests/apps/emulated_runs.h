#pragma once
// aio_train on the emulated device (cuda/emulation): a model of 16 channels on two frames of 32 x 32 pixels, 0.4 s a
// step.

#include "tests/apps/train_runs.h"

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

}  // namespace aio::test
