// Dropout whose mask is a function of (key, element index), so nothing is saved and any device gets the same mask.
//
// Forward:  y[i] = keep(i) ? x[i] / (1 - p) : 0,  keep(i) = (bits(i) >> 8) >= ceil(p 2^24)
// Backward: the same kernel on dy, with the same key.
// Random:   bits(i) = lane i % 4 of Philox4x32-10 at counter (i / 4, call, step), key = seed; tensor/random.h.
// Shapes:   any, both alike. Dtypes f32, f64, bf16; the factor 1 / (1 - p) in f32 (f64 in f64). In place allowed.
// Deterministic: each element by itself; 24 bits are compared as floats, which hold them exactly.

#include <algorithm>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/elementwise_loop.h"

namespace aio {

namespace {

using cpu::Vec;
using cpu::WideU32;

constexpr int kAtOnce = 4 * WideU32::kLanes;  // elements of one vectorised Philox call
static_assert(kAtOnce == 2 * Vec<float>::kWidth);

/// The upper 24 bits of the random words of elements 4 group ... 4 group + kAtOnce - 1, as floats, in order.
struct Uniform24 {
  Vec<float> low, high;
};

/// philox4x32_10 of tensor/philox.h on kLanes counters side by side. A 64-bit lane holds each word: a product's low
/// half is then the product itself and its high half one shift, because the multiplication ignores the upper 32 bits.
[[gnu::always_inline]] inline Uniform24 random_24_bits(const RngKey& key, std::uint64_t group) {
  WideU32 c0 = WideU32::sequence(group);
  WideU32 c1 = c0.high();
  WideU32 c2 = WideU32::all(key.call);
  WideU32 c3 = WideU32::all(key.step);
  auto key0 = static_cast<std::uint32_t>(key.seed), key1 = static_cast<std::uint32_t>(key.seed >> 32);
  const WideU32 m0 = WideU32::all(0xD2511F53U), m1 = WideU32::all(0xCD9E8D57U);
  for (int round = 0; round < 10; ++round) {
    const WideU32 p0 = product(c0, m0), p1 = product(c2, m1);
    c0 = p1.high() ^ c1 ^ WideU32::all(key0);
    c1 = p1;
    c2 = p0.high() ^ c3 ^ WideU32::all(key1);
    c3 = p0;
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  Uniform24 result;
  upper_24_bits(c0, c1, c2, c3, result.low, result.high);
  return result;
}

template <class T>
void dropout_piece(T* y, const T* x, std::int64_t n, std::uint64_t group, const RngKey& key, float threshold,
                   accumulator_t<T> scale) {
  using V = cpu::VecOf<T>;
  constexpr int W = V::kWidth;
  const V factor = V::all(scale);
  cpu::for_lanes<kAtOnce>(
      n, [&](std::int64_t i, int count) __attribute__((always_inline)) {
        const Uniform24 u = random_24_bits(key, group + static_cast<std::uint64_t>(i) / 4);
        if constexpr (std::is_same_v<V, Vec<float>>) {
          const V limit = V::all(threshold);
          const auto apply = [&](V bits, std::int64_t j, int lanes) __attribute__((always_inline)) {
            select_less(bits, limit, V::zero(), factor * V::load_n(x + j, lanes)).store_n(y + j, lanes);
          };
          apply(u.low, i, std::min(W, count));
          if (count > W) apply(u.high, i + W, count - W);
        } else {
          float bits[kAtOnce];
          u.low.store(bits);
          u.high.store(bits + kAtOnce / 2);
          for (int j = 0; j < count; ++j) y[i + j] = bits[j] < threshold ? T(0) : scale * x[i + j];
        }
      });
}

}  // namespace

void CpuBackend::dropout(const View& y, const View& x, double p, const RngKey& key) {
  const auto threshold = static_cast<float>(dropout_threshold(p));  // at most 2^24: exact
  dispatch_float(y.dtype, [&]<class T>() {
    const auto scale = static_cast<accumulator_t<T>>(p < 1 ? 1 / (1 - p) : 0);
    parallel_for(y.numel(), cpu::kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      dropout_piece(y.as<T>() + begin, x.as<T>() + begin, end - begin, static_cast<std::uint64_t>(begin) / 4, key,
                    threshold, scale);
    });
  });
}

}  // namespace aio
