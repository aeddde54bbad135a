#pragma once
// One head of attention as a kernel sees it: its rows in strided tensors and its mask.

#include <cstdint>

#include "cuda/gpu.h"
#include "tensor/backend.h"

namespace aio::cuda {

/// The matrices [N, D] inside a strided [B, N, H, D] tensor: row i of head h of batch b begins at
/// data + b * batch + i * row + h * head. Columns have unit stride.
template <class T>
struct Heads {
  T* data = nullptr;
  std::int64_t batch = 0, row = 0, head = 0;

  __device__ T* at(std::int64_t b, std::int64_t h, std::int64_t i) const {
    return data + b * batch + h * head + i * row;
  }
};

template <class T>
Heads<T> heads(const View& x) {
  return {x.as<T>(), x.stride[0], x.stride[1], x.stride[2]};
}

/// AttentionMask with its tensors resolved; key lengths lie on the device.
struct Masks {
  const std::int64_t* key_lengths = nullptr;
  const std::uint8_t* allowed = nullptr;
  std::int64_t stride[4] = {};  // of allowed
  std::int64_t diagonal = 0;    // query i sees keys < i + diagonal
  std::int64_t keys = 0;

  /// One past the last key that any query of batch b may see, causality apart.
  __device__ std::int64_t key_end(std::int64_t b) const {
    if (key_lengths == nullptr) return keys;
    const std::int64_t length = key_lengths[b];
    return length < 0 ? 0 : length < keys ? length : keys;
  }
  /// Whether query i attends to key j < key_end(b).
  __device__ bool attends(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
    return j < i + diagonal &&
           (allowed == nullptr || allowed[b * stride[0] + h * stride[1] + i * stride[2] + j * stride[3]] != 0);
  }
};

inline Masks masks_of(const AttentionMask& mask, std::int64_t queries, std::int64_t keys) {
  Masks m;
  m.keys = keys;
  m.diagonal = mask.causal ? keys - queries + 1 : keys;
  if (mask.key_lengths != nullptr) m.key_lengths = mask.key_lengths->as<std::int64_t>();
  if (mask.allowed != nullptr) {
    m.allowed = mask.allowed->as<std::uint8_t>();
    for (int i = 0; i < 4; ++i) m.stride[i] = mask.allowed->stride[i];
  }
  return m;
}

struct AttentionSizes {
  std::int64_t B, H, D, queries, keys;
};

}  // namespace aio::cuda
