#pragma once
// What mlp() (autograd/ops.h) keeps for its gradient.

#include <cstdint>

#include "tensor/device.h"

namespace aio::ops {

/// Whether the numbers between the two layers are kept, or made of the pre-activation again: a pass over them, which
/// the products hide where they are wide (1 % of a training step at 768, 4 % at 192), and a quarter of what a
/// transformer block would keep. A GPU's step is bound by memory and always keeps them.
inline bool mlp_keeps_hidden(std::int64_t channels, Device device) {
  constexpr std::int64_t kWide = 512;
  return device.is_cuda() || channels < kWide;
}

}  // namespace aio::ops
