#pragma once
// A dropout mask in a kernel: what the dropout kernel and the products' epilogue share. Bit by bit the CPU's
// (tensor/cpu/dropout_mask.h).

#include "cuda/gpu.h"
#include "tensor/random.h"

namespace aio::cuda {

struct DropoutFactors {
  std::uint32_t threshold = 0;
  float scale = 1;
  RngKey key{};

  DropoutFactors() = default;
  explicit DropoutFactors(const DropoutMask& mask)
      : threshold(dropout_threshold(mask.p)),
        scale(static_cast<float>(mask.p < 1 ? 1 / (1 - mask.p) : 0)),
        key(mask.key) {}

  /// Factors, 0 or 1 / (1 - p), of elements first .. first + N - 1.
  template <int N>
  __device__ void get(float (&factor)[N], std::int64_t first) const {
    Philox4 random{};
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const std::int64_t i = first + k;
      if (k == 0 || i % 4 == 0) random = bits_of_group(static_cast<std::uint64_t>(i) / 4);
      factor[k] = random.v[i % 4] >> 8 >= threshold ? scale : 0;
    }
  }

 private:
  /// random_bits of tensor/random.h.
  __device__ Philox4 bits_of_group(std::uint64_t group) const {
    return philox4x32_10(
        {{static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(group >> 32), key.call, key.step}},
        static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32));
  }
};

/// x by its factor; 0 where the factor is 0, of a NaN too.
__device__ inline float drop(float factor, float x) { return factor != 0 ? factor * x : 0; }

}  // namespace aio::cuda
