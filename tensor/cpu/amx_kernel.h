#pragma once
// A block of C in AMX's tile registers: 32 x 32 numbers, the sums of packed operands (gemm_amx_pack.h).

#include "tensor/cpu/gemm_amx_pack.h"

#if defined(AIO_HAS_AMX)

namespace aio::cpu {

inline constexpr std::int64_t kSide = 2 * kTileLines;  // of the block of C in registers

// Tile registers: 0..3 C, 4 and 5 A's two, 6 and 7 B's two.
[[gnu::always_inline]] inline void load_a(const bf16* tiles) {
  _tile_loadd(4, tiles, 64);
  _tile_loadd(5, tiles + kTileNumbers, 64);
}
[[gnu::always_inline]] inline void load_b(const bf16* tiles) {
  _tile_loadd(6, tiles, 64);
  _tile_loadd(7, tiles + kTileNumbers, 64);
}
[[gnu::always_inline]] inline void multiply_tiles() {
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

/// c [32, 32] (rows `ldc` apart) = A B of a strip and a panel, `steps` of 32 k. meanwhile(step) is called behind the
/// tile instructions of each: they take hundreds of cycles, in which the vector units can do something else.
template <int kParts, class Meanwhile>
inline void tile_kernel(std::int64_t steps, const bf16* a, const bf16* b, float* c, std::int64_t ldc,
                        const Meanwhile& meanwhile) {
  constexpr std::int64_t kPart = 2 * kTileNumbers;
  const std::int64_t row = ldc * std::int64_t(sizeof(float));
  float* const lower = c + kTileLines * ldc;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::int64_t step = 0; step < steps; ++step) {
    if constexpr (kParts == 1) {
      load_a(a);
      load_b(b);
      multiply_tiles();
    } else {  // the six products in the order with the fewest loads
      load_b(b);
      load_a(a + 2 * kPart);
      multiply_tiles();
      load_a(a + kPart);
      multiply_tiles();
      load_a(a);
      multiply_tiles();
      load_b(b + 2 * kPart);
      multiply_tiles();
      load_b(b + kPart);
      multiply_tiles();
      load_a(a + kPart);
      multiply_tiles();
    }
    meanwhile(step);
    a += kParts * kPart;
    b += kParts * kPart;
  }
  _tile_stored(0, c, row);
  _tile_stored(1, c + kTileLines, row);
  _tile_stored(2, lower, row);
  _tile_stored(3, lower + kTileLines, row);
}

}  // namespace aio::cpu

#endif  // AIO_HAS_AMX
