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
  const std::uint32_t* step = nullptr;  ///< on the device, in place of the key's: in a recording (CudaBackend)

  DropoutFactors() = default;
  /// `recorded_step`: CudaBackend::recorded_step() of the mask's key.
  DropoutFactors(const DropoutMask& mask, const std::uint32_t* recorded_step)
      : threshold(dropout_threshold(mask.p)),
        scale(static_cast<float>(mask.p < 1 ? 1 / (1 - mask.p) : 0)),
        key(mask.key),
        step(recorded_step) {}

  /// Factors, 0 or 1 / (1 - p), of elements first .. first + N - 1; `first` is a multiple of N, which is 1, 2 or one
  /// of 4. No index is left to run time: a generator's four numbers stay in registers.
  template <int N>
  __device__ void get(float (&factor)[N], std::int64_t first) const {
    static_assert(N <= 2 || N % 4 == 0);
    if constexpr (N == 1) {
      const Philox4 random = bits_of_group(static_cast<std::uint64_t>(first) / 4);
      const std::int64_t lane = first % 4;
      const std::uint32_t low = lane == 0 ? random.v[0] : random.v[1], high = lane == 2 ? random.v[2] : random.v[3];
      factor[0] = factor_of(lane < 2 ? low : high);
    } else if constexpr (N == 2) {
      const Philox4 random = bits_of_group(static_cast<std::uint64_t>(first) / 4);
      const bool low = first % 4 == 0;
      factor[0] = factor_of(low ? random.v[0] : random.v[2]);
      factor[1] = factor_of(low ? random.v[1] : random.v[3]);
    } else {
#pragma unroll
      for (int group = 0; group < N / 4; ++group) {
        const Philox4 random = bits_of_group(static_cast<std::uint64_t>(first) / 4 + static_cast<std::uint64_t>(group));
#pragma unroll
        for (int k = 0; k < 4; ++k) factor[group * 4 + k] = factor_of(random.v[k]);
      }
    }
  }

 private:
  __device__ float factor_of(std::uint32_t bits) const { return bits >> 8 >= threshold ? scale : 0; }
  /// random_bits of tensor/random.h.
  __device__ Philox4 bits_of_group(std::uint64_t group) const {
    return philox4x32_10({{static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(group >> 32), key.call,
                           step == nullptr ? key.step : *step}},
                         static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32));
  }
};

/// x by its factor; 0 where the factor is 0, of a NaN too.
__device__ inline float drop(float factor, float x) { return factor != 0 ? factor * x : 0; }

}  // namespace aio::cuda
