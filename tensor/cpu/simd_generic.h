#pragma once
// Vec without AVX2: the compiler's own 16-byte vectors, which it maps to what there is (SSE, NEON). See simd.h.

#include <cmath>
#include <cstdint>

#include "tensor/bf16.h"

namespace aio::cpu {

template <class T>
struct Vec {
  static constexpr int kWidth = 16 / sizeof(T);
  typedef T Register __attribute__((vector_size(16)));
  Register v;

  static Vec zero() { return all(0); }
  static Vec all(T x) {
    return make([&](int) { return x; });
  }
  static Vec load(const T* p) { return load_n(p, kWidth); }
  static Vec load_n(const T* p, int n) {
    return make([&](int i) { return i < n ? p[i] : T(0); });
  }
  static Vec load(const bf16* p) { return load_n(p, kWidth); }
  static Vec load_n(const bf16* p, int n) {
    return make([&](int i) { return i < n ? static_cast<T>(p[i]) : T(0); });
  }
  void store(T* p) const { store_n(p, kWidth); }
  void store_n(T* p, int n) const {
    for (int i = 0; i < n; ++i) p[i] = v[i];
  }
  void store(bf16* p) const { store_n(p, kWidth); }
  void store_n(bf16* p, int n) const {
    for (int i = 0; i < n; ++i) p[i] = bf16(v[i]);
  }
  T sum() const {
    return fold([](T a, T b) { return a + b; });
  }
  T max() const {
    return fold([](T a, T b) { return a > b ? a : b; });
  }

  friend Vec operator+(Vec a, Vec b) { return {a.v + b.v}; }
  friend Vec operator-(Vec a, Vec b) { return {a.v - b.v}; }
  friend Vec operator*(Vec a, Vec b) { return {a.v * b.v}; }
  friend Vec operator/(Vec a, Vec b) { return {a.v / b.v}; }
  friend Vec fma(Vec a, Vec b, Vec c) {
    return make([&](int i) { return std::fma(a.v[i], b.v[i], c.v[i]); });
  }
  friend Vec fnma(Vec a, Vec b, Vec c) {
    return make([&](int i) { return std::fma(-a.v[i], b.v[i], c.v[i]); });
  }
  // As the instructions have it: the second operand wins if either is NaN.
  friend Vec max(Vec a, Vec b) {
    return make([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
  }
  friend Vec min(Vec a, Vec b) {
    return make([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
  }
  friend Vec sqrt(Vec a) {
    return make([&](int i) { return std::sqrt(a.v[i]); });
  }
  friend Vec abs(Vec a) {
    return make([&](int i) { return std::abs(a.v[i]); });
  }
  friend Vec round(Vec a) {
    return make([&](int i) { return std::nearbyint(a.v[i]); });
  }
  friend Vec ldexp(Vec a, Vec n) {
    // A NaN has no integer; a is NaN then too.
    return make([&](int i) { return n.v[i] == n.v[i] ? std::ldexp(a.v[i], static_cast<int>(n.v[i])) : a.v[i]; });
  }
  friend Vec select_less(Vec a, Vec b, Vec x, Vec y) {
    return make([&](int i) { return a.v[i] < b.v[i] ? x.v[i] : y.v[i]; });
  }

 private:
  template <class Lane>
  static Vec make(Lane&& lane) {
    Vec result{};
    for (int i = 0; i < kWidth; ++i) result.v[i] = static_cast<T>(lane(i));
    return result;
  }
  /// Halves onto each other until one is left.
  template <class Combine>
  T fold(Combine&& combine) const {
    Vec rest = *this;
    for (int half = kWidth / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) rest.v[i] = combine(T(rest.v[i]), T(rest.v[i + half]));
    }
    return rest.v[0];
  }
};

/// 32-bit numbers, each in the low half of a 64-bit lane; see simd_avx512.h.
struct WideU32 {
  static constexpr int kLanes = 2;
  std::uint64_t v[kLanes];

  static WideU32 all(std::uint32_t x) { return {{x, x}}; }
  static WideU32 sequence(std::uint64_t start) { return {{start, start + 1}}; }
  WideU32 high() const { return {{v[0] >> 32, v[1] >> 32}}; }
  friend WideU32 operator^(WideU32 a, WideU32 b) { return {{a.v[0] ^ b.v[0], a.v[1] ^ b.v[1]}}; }
  friend WideU32 product(WideU32 a, WideU32 b) {
    return {{(a.v[0] & 0xffffffffU) * (b.v[0] & 0xffffffffU), (a.v[1] & 0xffffffffU) * (b.v[1] & 0xffffffffU)}};
  }
  friend void upper_24_bits(WideU32 a, WideU32 b, WideU32 c, WideU32 d, Vec<float>& low, Vec<float>& high) {
    const auto words = [&](int i) {
      const auto upper = [](std::uint64_t word) { return static_cast<float>((word & 0xffffffffU) >> 8); };
      const float four[] = {upper(a.v[i]), upper(b.v[i]), upper(c.v[i]), upper(d.v[i])};
      return Vec<float>::load(four);
    };
    low = words(0);
    high = words(1);
  }
};

}  // namespace aio::cpu
