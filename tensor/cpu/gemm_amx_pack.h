#pragma once
// Packing for AMX: operands become tiles of 16 lines x 16 pairs of bf16 neighbours in k, each of 1 KiB.
//
// A "line" is what is not k: a row of A, a column of B. A's tile has a line in each row of 64 bytes, B's a pair of k in
// each row; either is the other's transpose, pairs taken as 32-bit numbers. So there are two ways to read a block (k or
// lines contiguous in memory) and one transposition between what was read and what is wanted.

#include "tensor/cpu/gemm_amx.h"

#if defined(AIO_HAS_AMX)

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "tensor/cpu/transpose.h"

namespace aio::cpu {

inline constexpr std::int64_t kTileLines = 16;     // and pairs of k
inline constexpr std::int64_t kTileDepth = 32;     // of k
inline constexpr std::int64_t kTileNumbers = 512;  // bf16

/// An operand by lines: element (line, k) is data[line * line_stride + k * k_stride]; one stride is 1.
template <class S>
struct Lines {
  const S* data;
  std::int64_t lines, depth;
  std::int64_t line_stride, k_stride;

  bool k_contiguous() const { return k_stride == 1; }
};

inline __mmask32 first_lanes(std::int64_t n) { return n >= 32 ? ~0U : (1U << n) - 1U; }

/// Up to 16 numbers in f32 that give up their bf16 parts: the nearest bf16, the nearest to what is left, the last rest.
/// A part is the upper half of its lane, the lower half is zero.
struct Remainder {
  __m512 rest;

  Remainder(const float* p, std::int64_t n)
      : rest(n >= 16  ? _mm512_loadu_ps(p)
             : n <= 0 ? _mm512_setzero_ps()
                      : _mm512_maskz_loadu_ps(static_cast<__mmask16>(first_lanes(n)), p)) {}

  __m512i take() {
    const __m512i up = _mm512_add_epi32(_mm512_castps_si512(rest), _mm512_set1_epi32(0x8000));  // ties away from zero
    const __m512i part = _mm512_and_si512(up, _mm512_set1_epi32(~0xFFFF));
    // 0 is left of an infinity, not inf - inf: by class of the number before, "+0" for -inf and +inf, else as it is.
    const __m512i table = _mm512_set1_epi32(0x00880000);
    const __m512 left = _mm512_sub_ps(rest, _mm512_castsi512_ps(part));
    rest = _mm512_fixupimm_ps(left, rest, table, 0);
    return part;
  }
  __m512i last() const { return _mm512_castps_si512(rest); }  // 8 bits by now: the lower half is zero
};

/// The parts of two vectors of f32 side by side: pairs (low, high) of bf16.
inline void split_pairs(Remainder low, Remainder high, __m512i* parts) {
  const auto pair = [](__m512i x, __m512i y) { return _mm512_or_si512(_mm512_srli_epi32(x, 16), y); };
  for (int i = 0; i < 2; ++i) {
    const __m512i x = low.take();
    parts[i] = pair(x, high.take());
  }
  parts[2] = pair(low.last(), _mm512_and_si512(high.last(), _mm512_set1_epi32(~0xFFFF)));
}

/// Which two k of a tile's 32 are pair `i`: any pairing will do, if A and B have the same. f32 is split 16 k at a time,
/// bf16 is neighbours in memory already.
template <int kParts>
constexpr std::int64_t first_of_pair(std::int64_t i) {
  return kParts == 1 ? 2 * i : i;
}
template <int kParts>
inline constexpr std::int64_t kPairDistance = kParts == 1 ? 1 : 16;

/// The first `n` numbers from p, zeros behind.
inline __m512 first_floats(const float* p, std::int64_t n) {
  return n <= 0 ? _mm512_setzero_ps()
                : _mm512_maskz_loadu_ps(static_cast<__mmask16>(first_lanes(std::min<std::int64_t>(n, 16))), p);
}
/// Rounded to bf16: those of `first`, then those of `second`.
inline __m512i rounded(__m512 first, __m512 second) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}

/// 0, 16, 1, 17, ...: puts two rows of 16 side by side in pairs.
alignas(64) inline constexpr std::uint16_t kInterleave[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                              21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                              11, 27, 12, 28, 13, 29, 14, 30, 15, 31};

/// 16 pairs of one line: `n` of its 32 numbers exist.
template <int kParts, class S>
inline void row_of_line(const S* p, std::int64_t n, __m512i* parts) {
  if constexpr (kParts == 3) {
    split_pairs({p, n}, {p + 16, n - 16}, parts);
  } else if constexpr (std::is_same_v<S, bf16>) {
    parts[0] = _mm512_maskz_loadu_epi16(first_lanes(n), p);
  } else {
    parts[0] = rounded(first_floats(p, n), first_floats(p + 16, n - 16));
  }
}

/// One pair of each of `n` of 16 lines: those at `even` and at `odd`, which may not exist (null).
template <int kParts, class S>
inline void row_of_pair(const S* even, const S* odd, std::int64_t n, __m512i* parts) {
  const std::int64_t n_odd = odd == nullptr ? 0 : n;
  if constexpr (kParts == 3) {
    split_pairs({even, n}, {odd, n_odd}, parts);
  } else if constexpr (std::is_same_v<S, bf16>) {
    const auto load = [](const S* p, std::int64_t count) {
      return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(static_cast<__mmask16>(first_lanes(count)), p));
    };
    parts[0] = _mm512_or_si512(load(even, n), _mm512_slli_epi32(load(odd, n_odd), 16));
  } else {
    const __m512i both = rounded(first_floats(even, n), first_floats(odd, n_odd));
    parts[0] = _mm512_permutexvar_epi16(_mm512_load_si512(kInterleave), both);
  }
}

inline void transpose_tile(bf16* tile) {
  Vec<float> x[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) x[i].v = _mm512_loadu_ps(tile + 32 * i);
  transpose(x);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) _mm512_storeu_ps(tile + 32 * i, x[i].v);
}

/// The tiles of up to 16 lines from `line` and 32 k from `k`, part i at out + i * part_stride; zero beyond the operand.
/// `as_a`: a row of a tile is a line (A), else a pair of k (B).
template <int kParts, class S>
inline void pack_tile(const Lines<S>& x, std::int64_t line, std::int64_t k, bool as_a, bf16* out,
                      std::int64_t part_stride) {
  const std::int64_t lines = std::clamp<std::int64_t>(x.lines - line, 0, kTileLines);
  const std::int64_t depth = std::min(x.depth - k, kTileDepth);
  const S* from = x.data + line * x.line_stride + k * x.k_stride;
  const auto store = [&](std::int64_t row, const __m512i* parts) {
#pragma GCC unroll 3
    for (int i = 0; i < kParts; ++i) _mm512_storeu_si512(out + i * part_stride + row * 32, parts[i]);
  };
  const __m512i zeros[3] = {};
  __m512i parts[3];
  if (x.k_contiguous()) {
    for (std::int64_t i = 0; i < lines; ++i) {
      row_of_line<kParts>(from + i * x.line_stride, depth, parts);
      store(i, parts);
    }
    for (std::int64_t i = lines; i < kTileLines; ++i) store(i, zeros);
  } else {
    for (std::int64_t i = 0; i < kTileLines; ++i) {
      const std::int64_t even = first_of_pair<kParts>(i), odd = even + kPairDistance<kParts>;
      // The next tile's k: each is a page of its own, and the hardware looks ahead in few (weight gradients +10 %).
      __builtin_prefetch(from + (even + kTileDepth) * x.k_stride, 0, 2);
      __builtin_prefetch(from + (odd + kTileDepth) * x.k_stride, 0, 2);
      row_of_pair<kParts>(from + even * x.k_stride, odd < depth ? from + odd * x.k_stride : nullptr,
                          even < depth ? lines : 0, parts);
      store(i, parts);
    }
  }
  if (x.k_contiguous() == as_a) return;
  for (int i = 0; i < kParts; ++i) transpose_tile(out + i * part_stride);
}

/// `kParts` 3: f32 in its three parts; 1: bf16, or f32 rounded to it. Lines 0 .. x.lines by twos of tiles: out[lines /
/// 32][k / 32][part][2 tiles]. Memory is read in its own order: one pair of tiles after the other, every k of an x with
/// contiguous lines would be a page of its own.
template <int kParts, class S>
inline void pack_lines(const Lines<S>& x, bool as_a, bf16* out) {
  constexpr std::int64_t kStep = kParts * 2 * kTileNumbers;
  const std::int64_t pairs = (x.lines + 2 * kTileLines - 1) / (2 * kTileLines);
  const std::int64_t steps = (x.depth + kTileDepth - 1) / kTileDepth;
  const auto pack_pair = [&](std::int64_t pair, std::int64_t step) {
    const std::int64_t line = pair * 2 * kTileLines, k = step * kTileDepth;
    bf16* const to = out + (pair * steps + step) * kStep;
    pack_tile<kParts>(x, line, k, as_a, to, 2 * kTileNumbers);
    pack_tile<kParts>(x, line + kTileLines, k, as_a, to + kTileNumbers, 2 * kTileNumbers);
  };
  if (x.k_contiguous()) {
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
      for (std::int64_t step = 0; step < steps; ++step) pack_pair(pair, step);
    }
  } else {
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::int64_t pair = 0; pair < pairs; ++pair) pack_pair(pair, step);
    }
  }
}

/// Part `part` of `parts` of what pack_lines() does to at most 32 lines.
template <int kParts, class S>
inline void pack_strip(const Lines<S>& x, bool as_a, std::int64_t part, std::int64_t parts, bf16* out) {
  const std::int64_t tiles = (x.depth + kTileDepth - 1) / kTileDepth * 2;
  for (std::int64_t tile = tiles * part / parts; tile < tiles * (part + 1) / parts; ++tile) {
    const std::int64_t step = tile / 2, half = tile % 2;
    pack_tile<kParts>(x, half * kTileLines, step * kTileDepth, as_a, out + (kParts * 2 * step + half) * kTileNumbers,
                      2 * kTileNumbers);
  }
}

}  // namespace aio::cpu

#endif  // AIO_HAS_AMX
