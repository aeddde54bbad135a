#pragma once
// A dropout mask as vectors of factors: what the dropout kernel and the products' epilogue share.
//
// keep(i) = (bits(i) >> 8) >= ceil(p 2^24), bits(i) = lane i % 4 of Philox4x32-10 at counter (i / 4, call, step), key =
// seed (tensor/random.h). 24 bits are compared as floats, which hold them exactly.

#include <cstdint>
#include <type_traits>

#include "tensor/cpu/simd.h"
#include "tensor/random.h"

namespace aio::cpu {

/// Elements of one vectorised Philox call.
inline constexpr int kMaskLanes = 4 * WideU32::kLanes;
static_assert(kMaskLanes == 2 * Vec<float>::kWidth);

/// The upper 24 bits of the random words of elements 4 group ... 4 group + kMaskLanes - 1, as floats, in order.
struct Uniform24 {
  Vec<float> low, high;
};

/// A key with the two words that each of Philox's ten rounds mixes in: read from memory, they cost no shuffle.
struct PhiloxRounds {
  std::uint32_t call = 0, step = 0;
  std::uint32_t words[10][2] = {};

  PhiloxRounds() = default;
  explicit PhiloxRounds(const RngKey& key) : call(key.call), step(key.step) {
    auto key0 = static_cast<std::uint32_t>(key.seed), key1 = static_cast<std::uint32_t>(key.seed >> 32);
    for (auto& word : words) {
      word[0] = key0;
      word[1] = key1;
      key0 += 0x9E3779B9U;
      key1 += 0xBB67AE85U;
    }
  }
};

/// philox4x32_10 of tensor/philox.h on kLanes counters side by side. A 64-bit lane holds each word: a product's low
/// half is then the product itself and its high half one shuffle, because the multiplication ignores the upper 32 bits.
[[gnu::always_inline]] inline Uniform24 random_24_bits(const PhiloxRounds& key, std::uint64_t group) {
  WideU32 c0 = WideU32::sequence(group);
  WideU32 c1 = c0.high();
  WideU32 c2 = WideU32::all(key.call);
  WideU32 c3 = WideU32::all(key.step);
  const WideU32 m0 = WideU32::all(0xD2511F53U), m1 = WideU32::all(0xCD9E8D57U);
#pragma GCC unroll 10
  for (const auto& word : key.words) {
    const WideU32 p0 = product(c0, m0), p1 = product(c2, m1);
    c0 = p1.high() ^ c1 ^ WideU32::all(word[0]);
    c1 = p1;
    c2 = p0.high() ^ c3 ^ WideU32::all(word[1]);
    c3 = p0;
  }
  Uniform24 result;
  upper_24_bits(c0, c1, c2, c3, result.low, result.high);
  return result;
}

/// What each element of a tensor is multiplied by: 0 or 1 / (1 - p).
template <class A>
class DropoutFactors {
 public:
  DropoutFactors() = default;  ///< no mask
  explicit DropoutFactors(const DropoutMask& mask)
      : key_(mask.key),
        rounds_(mask.key),
        threshold_(dropout_threshold(mask.p)),
        scale_(static_cast<A>(mask.p < 1 ? 1 / (1 - mask.p) : 0)),
        active_(true) {}
  explicit operator bool() const { return active_; }

  /// out[j] = factor of element first + j, j < n; n <= kMaskLanes, for which `out` has room.
  [[gnu::always_inline]] void write(A* out, std::int64_t first, int n) const {
    if (first % 4 != 0) return write_each(out, first, n);
    const Uniform24 u = random_24_bits(rounds_, static_cast<std::uint64_t>(first) / 4);
    const auto limit = static_cast<float>(threshold_);  // at most 2^24: exact
    if constexpr (std::is_same_v<A, float>) {
      const auto factor = [&](Vec<float> bits) {
        return select_less(bits, Vec<float>::all(limit), Vec<float>::zero(), Vec<float>::all(scale_));
      };
      factor(u.low).store(out);
      factor(u.high).store(out + Vec<float>::kWidth);
    } else {
      float bits[kMaskLanes];
      u.low.store(bits);
      u.high.store(bits + kMaskLanes / 2);
      for (int j = 0; j < kMaskLanes; ++j) out[j] = bits[j] < limit ? A(0) : scale_;
    }
  }

 private:
  /// Begins within a group of four: rows of a length that 4 does not divide.
  void write_each(A* out, std::int64_t first, int n) const {
    for (int j = 0; j < n; ++j) {
      const std::int64_t i = first + j;
      const std::uint32_t bits = random_bits(key_, static_cast<std::uint64_t>(i) / 4).v[i % 4];
      out[j] = bits >> 8 < threshold_ ? A(0) : scale_;
    }
  }

  RngKey key_{};
  PhiloxRounds rounds_{};
  std::uint32_t threshold_ = 0;
  A scale_ = 1;
  bool active_ = false;
};

/// x by its factors; 0 where the factor is 0, whatever x is.
template <class A>
[[gnu::always_inline]] inline Vec<A> drop(Vec<A> factor, Vec<A> x) {
  return select_less(factor, Vec<A>::all(A(0.5)), Vec<A>::zero(), factor * x);
}

}  // namespace aio::cpu
