#pragma once
// A square block of vector registers becomes its transpose: how products pack an operand that is read across its lines.

#include <utility>

#include "tensor/cpu/simd.h"

namespace aio::cpu {

/// The rounds of block size kStep, kStep / 2, ... 1: each swaps the off-diagonal blocks of pairs of rows.
template <int kStep, class V, int... lane>
[[gnu::always_inline]] inline void swap_blocks(V (&x)[V::kWidth], std::integer_sequence<int, lane...> lanes) {
  constexpr int W = V::kWidth;
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) {
    if ((i & kStep) != 0) continue;
    const auto a = x[i].v, b = x[i + kStep].v;
    x[i].v = __builtin_shufflevector(a, b, ((lane & kStep) != 0 ? W + (lane ^ kStep) : lane)...);
    x[i + kStep].v = __builtin_shufflevector(a, b, ((lane & kStep) != 0 ? W + lane : (lane ^ kStep))...);
  }
  if constexpr (kStep > 1) swap_blocks<kStep / 2>(x, lanes);
}

/// Lane j of x[i] and lane i of x[j] change places, in log2(W) rounds and without memory. (A scalar copy of K^T and V^T
/// would cost a tenth of attention's backward.)
template <class V>
[[gnu::always_inline]] inline void transpose(V (&x)[V::kWidth]) {
  swap_blocks<V::kWidth / 2>(x, std::make_integer_sequence<int, V::kWidth>());
}

}  // namespace aio::cpu
