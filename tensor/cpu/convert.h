#pragma once
// One element from any dtype to any other: what cast, fill and masked_fill mean by a value of a type.

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "tensor/dtype.h"

namespace aio::cpu {

/// Floats round to nearest even (f64 to bf16 by way of f32); to integers they truncate, NaN gives 0 and what does not
/// fit gives the nearest end of the range. i64 to u8 keeps the low byte.
template <class To, class From>
[[gnu::always_inline]] inline To convert(From x) {
  if constexpr (std::is_same_v<From, To>) {
    return x;
  } else if constexpr (std::is_same_v<From, bf16>) {
    return convert<To>(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, bf16>) {
    return bf16(static_cast<float>(x));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr auto lowest = static_cast<From>(std::numeric_limits<To>::min());
    constexpr auto beyond = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;  // a power of two: exact
    if (!(x > lowest)) return std::isnan(x) ? To(0) : std::numeric_limits<To>::min();
    return x < beyond ? static_cast<To>(x) : std::numeric_limits<To>::max();
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace aio::cpu
