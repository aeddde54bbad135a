#pragma once
// bfloat16 as a storage type: the upper half of an IEEE f32. Arithmetic is always done in f32.

#include <bit>
#include <cstdint>

namespace aio {

struct bf16 {
  std::uint16_t bits = 0;

  bf16() = default;
  explicit bf16(float value) : bits(round(value)) {}
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

 private:
  /// Round to nearest, ties to even; every NaN becomes the quiet NaN 0x7fc0 with its sign.
  static std::uint16_t round(float value) {
    const auto u = std::bit_cast<std::uint32_t>(value);
    if ((u & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(((u >> 16) & 0x8000U) | 0x7fc0U);
    return static_cast<std::uint16_t>((u + 0x7fffU + ((u >> 16) & 1U)) >> 16);
  }
};

static_assert(sizeof(bf16) == 2);

}  // namespace aio
