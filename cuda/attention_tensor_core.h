#pragma once
// Attention on tensor cores: bf16, head size 64. attention.cu asks first and has a plain kernel for everything else.

#include "cuda/attention_head.h"

namespace aio::cuda {

struct AttentionTensors {
  Heads<bf16> q, k, v, out, dout, dq, dk, dv;
  float* lse = nullptr;
  float* delta = nullptr;  // <dout, out>
};

/// True if the head size is 64 and all rows begin on 16 bytes.
bool tensor_cores_take(std::int64_t D, std::initializer_list<const View*> tensors);
/// Writes out and lse.
void tensor_core_forward(const AttentionTensors& x, const Masks& masks, const AttentionSizes& n, float scale,
                         Stream stream);
/// Writes dq, dk, dv, from delta.
void tensor_core_backward(const AttentionTensors& x, const Masks& masks, const AttentionSizes& n, float scale,
                          Stream stream);

/// Whether one block can hold a head's keys: then the gradient is one kernel (attention_backward.cu).
bool one_block_takes(const AttentionSizes& n);
/// Writes dq, dk, dv; makes delta itself, from out, whose rows begin on 16 bytes too.
void one_block_backward(const AttentionTensors& x, const Masks& masks, const AttentionSizes& n, float scale,
                        Stream stream);

}  // namespace aio::cuda
