#pragma once
// cuDNN's fused attention, to compare ours with (aio_bench gpu); nothing else uses it.

#include <cstdint>
#include <functional>
#include <span>

#include "tensor/backend.h"

namespace aio::cuda {

/// What runs cuDNN's forward pass out = softmax(scale q k^T) v on the backend's stream, with its log-sum-exp in lse.
/// Shapes and strides as in Backend::attention_forward: q, k, v, out bf16 [B, N, H, D], lse f32 [B, H, N]. Keys from
/// key_lengths[b] on do not count. The tensors must outlive the function; the first call may take seconds.
///
/// Throws Error{cuda} that says why if this build has no cuDNN, the machine has none, or cuDNN has no plan for the
/// shape.
std::function<void()> cudnn_attention(Backend& backend, const View& out, const View& lse, const View& q, const View& k,
                                      const View& v, std::span<const std::int32_t> key_lengths, double scale);

}  // namespace aio::cuda
