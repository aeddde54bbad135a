#pragma once
// Random numbers keyed by what they are for, never by when or where they are drawn.
//
// Philox key = seed; counter = (element / 4 low, element / 4 high, call, step); lane = element % 4, with `element` the
// logical row-major index. Thread count, grid size and device therefore do not matter.

#include <cstdint>

#include "tensor/philox.h"
#include "tensor/tensor.h"

namespace aio {

/// Names one tensor's worth of random numbers.
struct RngKey {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;  ///< training step, or epoch for shuffles
  std::uint32_t call = 0;  ///< running number within the step
};

/// Hands out keys in order. Copying a stream and replaying it gives the same keys: recomputation relies on that.
class RngStream {
 public:
  explicit RngStream(std::uint64_t seed, std::uint32_t step = 0, std::uint32_t first_call = 0)
      : key_{seed, step, first_call} {}
  RngKey next() {
    const RngKey key = key_;
    ++key_.call;
    return key;
  }
  const RngKey& position() const { return key_; }

 private:
  RngKey key_;
};

/// The four lanes of element group `group` = element / 4.
inline Philox4 random_bits(const RngKey& key, std::uint64_t group) {
  return philox4x32_10(
      {{static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(group >> 32), key.call, key.step}},
      static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32));
}

/// Dropout's keep rule as integers, so that CPU and CUDA agree bit for bit: keep iff (bits >> 8) >= threshold.
std::uint32_t dropout_threshold(double p);

/// A dropout mask: element i of a tensor (row-major) is kept or not by `key` alone. p = 0: no dropout.
struct DropoutMask {
  double p = 0;
  RngKey key{};
};

// Filled tensors, computed on the CPU and copied to `options.device`; f32, f64 or bf16.
/// low <= x <= high: drawn from the open interval, but rounding to the dtype may reach an end.
Tensor uniform(const Shape& shape, double low, double high, RngKey key, TensorOptions options = {});
/// Box-Muller on pairs of lanes.
Tensor normal(const Shape& shape, double mean, double stddev, RngKey key, TensorOptions options = {});
/// PyTorch's trunc_normal_: inverse CDF of a uniform draw between the CDF values of `low` and `high`, then clamped.
Tensor truncated_normal(const Shape& shape, double mean, double stddev, double low, double high, RngKey key,
                        TensorOptions options = {});
/// Integers low <= x < high, i64; unbiased to 2^-32 (multiply-shift).
Tensor random_integers(const Shape& shape, std::int64_t low, std::int64_t high, RngKey key);
/// Fisher-Yates permutation of 0..n-1.
std::vector<std::int64_t> permutation(std::int64_t n, RngKey key);

}  // namespace aio
