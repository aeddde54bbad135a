#pragma once
// What the row kernels (layer_norm, softmax, l2_normalize, cross_entropy) share: vector loops over one row of any
// length and the number of rows a thread takes at a time.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tensor/cpu/simd.h"

namespace aio::cpu {

/// Rows of C elements per piece of a parallel_for: about 16,000 elements, some microseconds of work.
inline std::int64_t row_grain(std::int64_t C) {
  return std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, C));
}

/// Fetches what the last loop over a row is about to need next: the memory 6 KiB after p, one or more rows on. While a
/// row in L1 is gone over two or three times the hardware fetches nothing ahead; [2844, 768] f32, one thread:
/// layer_norm forward -30 %, backward -17 % (3 KiB: half of the gain, 16 KiB: less).
inline void prefetch_ahead(const void* p) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + 6144));
}

template <class A>
inline constexpr A kLaneNumbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// Lanes 0 .. n - 1 of v, and `rest` in the others: what a row's tail must look like before it enters a sum or a
/// maximum, since load_n fills with zeros.
template <class A>
[[gnu::always_inline]] inline Vec<A> first_lanes(Vec<A> v, int n, Vec<A> rest) {
  if (n == Vec<A>::kWidth) return v;
  return select_less(Vec<A>::load(kLaneNumbers<A>), Vec<A>::all(static_cast<A>(n)), v, rest);
}

/// Sum over j in [0, n) of term(j, lanes), which returns the terms j .. j + lanes - 1 in the first lanes of a vector.
/// Four vectors of partial sums (an add takes 4 cycles), then lanes; the order depends on n only.
template <class A, class Term>
[[gnu::always_inline]] inline A sum_terms(std::int64_t n, Term&& term) {
  using V = Vec<A>;
  constexpr int W = V::kWidth;
  V s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
  std::int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    s0 = s0 + term(j, W);
    s1 = s1 + term(j + W, W);
    s2 = s2 + term(j + 2 * W, W);
    s3 = s3 + term(j + 3 * W, W);
  }
  for (; j + W <= n; j += W) s0 = s0 + term(j, W);
  if (j < n) s1 = s1 + first_lanes(term(j, static_cast<int>(n - j)), static_cast<int>(n - j), V::zero());
  return ((s0 + s1) + (s2 + s3)).sum();
}

/// Largest of x[0..n), -inf for n = 0. A NaN may or may not win: the exponentials taken afterwards propagate it.
template <class T>
inline accumulator_t<T> max_row(const T* x, std::int64_t n) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  constexpr int W = V::kWidth;
  const V lowest = V::all(-std::numeric_limits<A>::infinity());
  V m0 = lowest, m1 = lowest;
  std::int64_t j = 0;
  for (; j + 2 * W <= n; j += 2 * W) {
    m0 = max(m0, V::load(x + j));
    m1 = max(m1, V::load(x + j + W));
  }
  for_lanes<W>(
      n - j, [&](std::int64_t i, int lanes) { m0 = max(m0, first_lanes(V::load_n(x + j + i, lanes), lanes, lowest)); });
  return max(m0, m1).max();
}

}  // namespace aio::cpu
