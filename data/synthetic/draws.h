#pragma once
// Draws: one random number after another from a Philox key, for choices whose number is not known beforehand.

#include <cstdint>
#include <utility>
#include <vector>

#include "tensor/random.h"

namespace aio::synthetic {

/// Two Draws of the same key and purpose give the same numbers; of different purposes unrelated ones.
class Draws {
 public:
  /// `purpose` keeps apart what is drawn for one thing (a scene's looks, its captions), so that a change in one leaves
  /// the others as they were.
  explicit Draws(RngKey key, std::uint32_t purpose = 0) : key_(key), group_(std::uint64_t{purpose} << 32) {}

  /// 0 <= x < n, unbiased to 2^-32 (multiply-shift).
  int below(int n) { return static_cast<int>((std::uint64_t{bits()} * static_cast<std::uint64_t>(n)) >> 32); }
  /// low < x < high, in steps of (high - low) / 2^24.
  double between(double low, double high) { return low + (high - low) * ((bits() >> 8) + 0.5) * 0x1p-24; }
  bool happens(double probability) { return between(0, 1) < probability; }

  template <class T>
  const T& one_of(const std::vector<T>& items) {
    return items[static_cast<std::size_t>(below(static_cast<int>(items.size())))];
  }
  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(static_cast<int>(i)))]);
  }

 private:
  std::uint32_t bits() {
    if (lane_ == 4) {
      four_ = random_bits(key_, group_++);
      lane_ = 0;
    }
    return four_.v[lane_++];
  }

  RngKey key_;
  std::uint64_t group_;
  Philox4 four_{};
  int lane_ = 4;
};

}  // namespace aio::synthetic
