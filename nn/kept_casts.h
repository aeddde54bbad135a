#pragma once
// KeptCasts: weights in the compute type, kept from call to call. For inference, which casts the same weights for every
// batch: in bf16 a small model on a GPU spends a twentieth of its time on that.

#include <cstdint>
#include <map>
#include <utility>

#include "tensor/tensor.h"

namespace aio::nn {

class KeptCasts {
 public:
  /// cast(x, dtype) without history, made again when x has been written to or lies elsewhere.
  Tensor get(const Tensor& x, DType dtype);

 private:
  struct Kept {
    Tensor from;  // also keeps the address, which is the key, from being used again
    const Storage* storage = nullptr;
    std::uint64_t version = 0;
    Tensor cast;
  };
  std::map<std::pair<const TensorImpl*, DType>, Kept> kept_;
};

}  // namespace aio::nn
