#pragma once
// Vec on AVX-512 (F, BW, VL, DQ). See simd.h.

// g++ 12 warns of the undefined pass-through operands inside its own intrinsics (GCC bug 105593, fixed in 13).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstdint>

#include "tensor/bf16.h"

namespace aio::cpu {

template <class T>
struct Vec;

template <>
struct Vec<float> {
  static constexpr int kWidth = 16;
  __m512 v;

  static __mmask16 lanes(int n) { return static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U); }
  static Vec zero() { return {_mm512_setzero_ps()}; }
  static Vec all(float x) { return {_mm512_set1_ps(x)}; }
  static Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static Vec load_n(const float* p, int n) { return n == kWidth ? load(p) : Vec{_mm512_maskz_loadu_ps(lanes(n), p)}; }
  static Vec load(const bf16* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
  static Vec load_n(const bf16* p, int n) { return widen(_mm256_maskz_loadu_epi16(lanes(n), p)); }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_n(float* p, int n) const {
    if (n == kWidth) {
      store(p);
    } else {
      _mm512_mask_storeu_ps(p, lanes(n), v);
    }
  }
  void store(bf16* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(v)); }
  void store_n(bf16* p, int n) const { _mm256_mask_storeu_epi16(p, lanes(n), narrow(v)); }
  float sum() const { return _mm512_reduce_add_ps(v); }
  float max() const { return _mm512_reduce_max_ps(v); }

  friend Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  friend Vec fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
  friend Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
  friend Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
  friend Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
  friend Vec abs(Vec a) { return {_mm512_abs_ps(a.v)}; }
  /// Nearest integer, ties to even.
  friend Vec round(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
  /// a * 2^floor(n) for n in [-126, 128]; in double in [-1022, 1023].
  friend Vec ldexp(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }
  /// a < b ? x : y, lane by lane.
  friend Vec select_less(Vec a, Vec b, Vec x, Vec y) {
    return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), y.v, x.v)};
  }

 private:
  static Vec widen(__m256i bits) { return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))}; }
  /// bf16's constructor on 16 lanes: round to nearest even, NaN to the quiet NaN.
  static __m256i narrow(__m512 x) {
    const __m512i u = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    const __m512i quiet = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(0x8000)),
                                          _mm512_set1_epi32(0x7fc0));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(nan, rounded, quiet));
  }
};

/// 32 numbers in two registers, looked up lane by lane.
struct Table32 {
  __m512 first, second;

  explicit Table32(const float* p) : first(_mm512_loadu_ps(p)), second(_mm512_loadu_ps(p + 16)) {}
  /// The entries whose numbers are the low five bits of the lanes' patterns.
  Vec<float> operator[](Vec<float> number) const {
    return {_mm512_permutex2var_ps(first, _mm512_castps_si512(number.v), second)};
  }
};

template <>
struct Vec<double> {
  static constexpr int kWidth = 8;
  __m512d v;

  static __mmask8 lanes(int n) { return static_cast<__mmask8>((1U << static_cast<unsigned>(n)) - 1U); }
  static Vec zero() { return {_mm512_setzero_pd()}; }
  static Vec all(double x) { return {_mm512_set1_pd(x)}; }
  static Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static Vec load_n(const double* p, int n) { return {_mm512_maskz_loadu_pd(lanes(n), p)}; }
  void store(double* p) const { _mm512_storeu_pd(p, v); }
  void store_n(double* p, int n) const { _mm512_mask_storeu_pd(p, lanes(n), v); }
  double sum() const { return _mm512_reduce_add_pd(v); }
  double max() const { return _mm512_reduce_max_pd(v); }

  friend Vec operator+(Vec a, Vec b) { return {_mm512_add_pd(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm512_sub_pd(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm512_mul_pd(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {_mm512_div_pd(a.v, b.v)}; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
  friend Vec fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_pd(a.v, b.v, c.v)}; }
  friend Vec max(Vec a, Vec b) { return {_mm512_max_pd(a.v, b.v)}; }
  friend Vec min(Vec a, Vec b) { return {_mm512_min_pd(a.v, b.v)}; }
  friend Vec sqrt(Vec a) { return {_mm512_sqrt_pd(a.v)}; }
  friend Vec abs(Vec a) { return {_mm512_abs_pd(a.v)}; }
  friend Vec round(Vec a) { return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
  friend Vec ldexp(Vec a, Vec n) { return {_mm512_scalef_pd(a.v, n.v)}; }
  friend Vec select_less(Vec a, Vec b, Vec x, Vec y) {
    return {_mm512_mask_blend_pd(_mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ), y.v, x.v)};
  }
};

/// 32-bit numbers, each in the low half of a 64-bit lane. What the high halves hold does not matter to any operation.
struct WideU32 {
  static constexpr int kLanes = 8;
  __m512i v;

  static WideU32 all(std::uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
  /// start, start + 1, ... with 64 bits, in the order that upper_24_bits undoes.
  static WideU32 sequence(std::uint64_t start) {
    return {
        _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(start)), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7))};
  }
  /// The upper 32 bits of a product (or of sequence's numbers), and anything above them. By a shuffle: shifts and
  /// multiplications share one port.
  WideU32 high() const { return {_mm512_shuffle_epi32(v, _MM_PERM_DDBB)}; }
  friend WideU32 operator^(WideU32 a, WideU32 b) { return {_mm512_xor_si512(a.v, b.v)}; }
  /// All 64 bits of a * b.
  friend WideU32 product(WideU32 a, WideU32 b) { return {_mm512_mul_epu32(a.v, b.v)}; }
  /// The words a[0] b[0] c[0] d[0] a[1] ... (in the order of `sequence`) >> 8 as floats: first half, second half.
  friend void upper_24_bits(WideU32 a, WideU32 b, WideU32 c, WideU32 d, Vec<float>& low, Vec<float>& high) {
    const __m512i ab = _mm512_mask_blend_epi32(0xAAAA, a.v, _mm512_slli_epi64(b.v, 32));
    const __m512i cd = _mm512_mask_blend_epi32(0xAAAA, c.v, _mm512_slli_epi64(d.v, 32));
    low = {_mm512_cvtepi32_ps(_mm512_srli_epi32(_mm512_unpacklo_epi64(ab, cd), 8))};
    high = {_mm512_cvtepi32_ps(_mm512_srli_epi32(_mm512_unpackhi_epi64(ab, cd), 8))};
  }
};

}  // namespace aio::cpu
