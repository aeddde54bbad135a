#pragma once
// Products on AMX tiles: bf16, and f32 by splitting.
//
// bf16 is what the tiles multiply. An f32 number is the exact sum of three bf16 numbers, x = x0 + x1 + x2 (24 bits of
// mantissa in three pieces of 8, rounded to nearest, so that |x1| <= 2^-8 |x| / 2 and |x2| <= 2^-16 |x| / 2), hence
//
//   a b = a0 b0 + (a0 b1 + a1 b0) + (a0 b2 + a1 b1 + a2 b0) + less than 2^-25 |a b|
//
// Six bf16 products give f32's own accuracy, and the tiles are more than six times as fast as the vector units. What is
// left out is smaller than the rounding of a single f32 product; the sums have fewer roundings than a chain of fused
// multiply-adds, since the unit adds 32 products before it adds to C. (Henry, Tang, Heinecke 2019, "Leveraging the
// bfloat16 artificial intelligence datatype for higher-precision computations"; "bf16x9" in cuBLAS leaves nothing out.)
// Unlike in f32 arithmetic, parts below 2^-126 count as zero, and numbers above bf16's largest, 3.39e38, as infinite.

#include <cstdint>
#include <type_traits>

#include "tensor/bf16.h"
#include "tensor/cpu/gemm.h"

#if defined(__AMX_BF16__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512BF16__)
#define AIO_HAS_AMX
#endif

namespace aio::cpu {

/// bf16 numbers that stand for one S.
template <class S>
inline constexpr int kAmxParts = std::is_same_v<S, bf16> ? 1 : 3;

/// Whether the product is worth tiles and each operand has a unit stride. M has no say: a row's result does not depend
/// on how many rows there are.
template <class S, class D>
bool amx_takes(const Product<S, D>& p) {
  const std::int64_t N = p.b.cols, K = p.b.rows;
  const auto unit = [](const Matrix<const S>& m) { return m.row_stride == 1 || m.col_stride == 1; };
  return N >= 32 && K >= 32 && N * K >= 4096 && unit(p.a) && unit(p.b);
}

/// <float, float>, <bf16, bf16>, <bf16, float>; only where amx_available() and amx_takes().
template <class S, class D>
void gemm_amx(const Product<S, D>& product, bool parallel);

}  // namespace aio::cpu
