#pragma once
// Dice: the random numbers of one key, drawn one after the other.

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "tensor/random.h"

namespace aio {

class Dice {
 public:
  explicit Dice(RngKey key) : key_(key) {}

  std::uint32_t bits() {
    const Philox4 group = random_bits(key_, drawn_ / 4);
    return group.v[drawn_++ % 4];
  }
  /// 0 .. choices-1; unbiased to choices / 2^32.
  std::int64_t below(std::int64_t choices) {
    return static_cast<std::int64_t>((std::uint64_t{bits()} * static_cast<std::uint64_t>(choices)) >> 32);
  }
  /// In the open interval (0, 1).
  double uniform() { return (bits() + 0.5) * 0x1p-32; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  bool coin(double probability = 0.5) { return uniform() < probability; }
  /// Mean 0, variance 1 (Box-Muller).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(6.283185307179586 * uniform());  // 2 pi
  }
  /// `items` must not be empty.
  template <class T>
  const T& one_of(const std::vector<T>& items) {
    return items[static_cast<std::size_t>(below(static_cast<std::int64_t>(items.size())))];
  }
  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
  }

 private:
  RngKey key_;
  std::uint64_t drawn_ = 0;
};

}  // namespace aio
