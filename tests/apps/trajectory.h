#pragma once
// Two hundred training steps of the golden `micro` model, beside PyTorch's: MLM + VTM + BVTC on four batches in turn,
// AdamW, warm-up and linear decay, no dropout.
//
// tests/golden/model/micro_trajectory.json holds the losses that PyTorch 2.15 computed in f32 on a CPU, from
// the weights in micro.weights.safetensors, on the batches that trajectory.cpp makes by formula, by a model of sixty
// lines of torch.nn.functional (F.conv2d, F.linear, F.layer_norm, softmax, F.cross_entropy) and torch.optim.AdamW
// (betas 0.9 and 0.98, eps 1e-8, decay 0.01 but for biases and norms). At three times this learning rate rounding
// alone, f32 beside f64 in PyTorch, moves losses by 1e-3.

#include <cstdint>

#include "tensor/device.h"

namespace aio::test {

struct Followed {
  double worst = 0;           ///< largest difference of a loss from PyTorch's
  std::int64_t together = 0;  ///< steps before the first difference above 1e-3
};
/// Trains for the first `steps` of 200, on `device`.
Followed follow_pytorch(std::int64_t steps, Device device = {});

}  // namespace aio::test
