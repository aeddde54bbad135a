// Vec against plain arithmetic, lane by lane: whatever the build chose, it must mean the same.

#include "tensor/cpu/simd.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/philox.h"

namespace aio::cpu {
namespace {

template <class A>
struct Lanes {
  static constexpr int W = Vec<A>::kWidth;
  A at[W];
  Lanes() = default;
  explicit Lanes(Vec<A> v) { v.store(at); }
  template <class F>
  static Lanes make(F&& f) {
    Lanes lanes;
    for (int i = 0; i < W; ++i) lanes.at[i] = static_cast<A>(f(i));
    return lanes;
  }
  Vec<A> vec() const { return Vec<A>::load(at); }
};

TEST_CASE_TEMPLATE("simd: arithmetic is IEEE arithmetic in each lane", A, float, double) {
  using L = Lanes<A>;
  const L a = L::make([](int i) { return 1.1 * i - 3.7; }), b = L::make([](int i) { return 0.3 * i + 0.7; }),
          c = L::make([](int i) { return i * i - 2.0; });
  const auto check = [&](Vec<A> v, auto&& expected) {
    const L result(v);
    for (int i = 0; i < L::W; ++i) CHECK(result.at[i] == expected(a.at[i], b.at[i], c.at[i]));
  };
  const Vec<A> x = a.vec(), y = b.vec(), z = c.vec();
  check(x + y, [](A p, A q, A) { return p + q; });
  check(x - y, [](A p, A q, A) { return p - q; });
  check(x * y, [](A p, A q, A) { return p * q; });
  check(x / y, [](A p, A q, A) { return p / q; });
  check(fma(x, y, z), [](A p, A q, A r) { return std::fma(p, q, r); });
  check(fnma(x, y, z), [](A p, A q, A r) { return std::fma(-p, q, r); });
  check(max(x, y), [](A p, A q, A) { return std::max(p, q); });
  check(min(x, y), [](A p, A q, A) { return std::min(p, q); });
  check(abs(x), [](A p, A, A) { return std::abs(p); });
  check(sqrt(y), [](A, A q, A) { return std::sqrt(q); });
  check(round(x), [](A p, A, A) { return std::nearbyint(p); });
  check(select_less(x, y, z, y), [](A p, A q, A r) { return p < q ? r : q; });
  check(Vec<A>::all(3), [](A, A, A) { return A(3); });
  A sum = 0, largest = c.at[0];
  for (int i = 0; i < L::W; ++i) {
    sum += c.at[i];  // small integers: exact in any order
    largest = std::max(largest, c.at[i]);
  }
  CHECK(z.sum() == sum);
  CHECK(z.max() == largest);
}

TEST_CASE_TEMPLATE("simd: min and max give the second operand when one is NaN; ties of round go to even", A, float,
                   double) {
  const A nan = std::numeric_limits<A>::quiet_NaN();
  const auto first = [](Vec<A> v) { return Lanes<A>(v).at[0]; };
  CHECK(std::isnan(first(max(Vec<A>::zero(), Vec<A>::all(nan)))));
  CHECK(std::isnan(first(min(Vec<A>::zero(), Vec<A>::all(nan)))));
  CHECK(first(max(Vec<A>::all(nan), Vec<A>::all(2))) == 2);
  CHECK(first(min(Vec<A>::all(nan), Vec<A>::all(2))) == 2);
  CHECK(first(select_less(Vec<A>::all(nan), Vec<A>::zero(), Vec<A>::all(1), Vec<A>::all(2))) == 2);
  for (const auto& [value, rounded] : {std::pair{0.5, 0.0}, {1.5, 2.0}, {-2.5, -2.0}, {1e9, 1e9}, {-0.4, 0.0}})
    CHECK(first(round(Vec<A>::all(static_cast<A>(value)))) == static_cast<A>(rounded));
}

TEST_CASE_TEMPLATE("simd: ldexp over the normal range", A, float, double) {
  const int top = std::numeric_limits<A>::max_exponent;
  for (const int n : {-top + 2, -100, -1, 0, 1, 100, top - 1}) {
    for (const double a : {0.75, 1.0, 1.4}) {
      const Lanes<A> y(ldexp(Vec<A>::all(static_cast<A>(a)), Vec<A>::all(static_cast<A>(n))));
      const A expected = std::ldexp(static_cast<A>(a), n);
      if (expected >= std::numeric_limits<A>::min()) CHECK(y.at[0] == expected);
    }
  }
}

TEST_CASE("simd: ldexp by 128, which exp needs just below its overflow") {
  CHECK(Lanes<float>(ldexp(Vec<float>::all(0.75f), Vec<float>::all(128))).at[0] == 0x1.8p127f);
}

TEST_CASE_TEMPLATE("simd: partial loads read and partial stores write n lanes only", T, float, double, bf16) {
  using V = VecOf<T>;
  using A = accumulator_t<T>;
  for (int n = 0; n <= V::kWidth; ++n) {
    std::vector<T> in(static_cast<std::size_t>(n));  // exactly n elements: the sanitizers see one too many
    for (int i = 0; i < n; ++i) in[static_cast<std::size_t>(i)] = T(static_cast<A>(i + 1));
    A lanes[V::kWidth];
    const V v = V::load_n(in.data(), n);
    v.store(lanes);
    for (int i = 0; i < V::kWidth; ++i) CHECK(lanes[i] == (i < n ? static_cast<A>(i + 1) : A(0)));
    std::vector<T> out(static_cast<std::size_t>(V::kWidth) + 1, T(A(-1)));
    v.store_n(out.data(), n);
    for (int i = 0; i <= V::kWidth; ++i)
      CHECK(static_cast<A>(out[static_cast<std::size_t>(i)]) == (i < n ? static_cast<A>(i + 1) : A(-1)));
  }
}

TEST_CASE("simd: bf16 stores round like bf16's constructor") {
  constexpr int W = Vec<float>::kWidth;
  for (std::uint32_t start = 0; start < 1U << 22; ++start) {
    float in[W];
    bf16 out[W];
    // Every sign, exponent and upper mantissa with lower halves around the tie, NaN and infinity included.
    for (int i = 0; i < W; ++i) {
      const std::uint32_t k = start * W + static_cast<std::uint32_t>(i);
      in[i] = std::bit_cast<float>((k >> 2 << 16) | (0x7fffU + (k & 3U)));
    }
    Vec<float>::load(in).store(out);
    int different = 0;
    for (int i = 0; i < W; ++i) different += out[i].bits != bf16(in[i]).bits;
    if (different != 0) CHECK(different == 0);
    if (start * W >> 18 != 0) break;  // 2^16 upper halves, 4 lower ones each
  }
}

TEST_CASE("simd: sum_row over any length") {
  for (const int n : {0, 1, 7, 15, 16, 17, 63, 64, 65, 237, 769}) {
    std::vector<float> x(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = static_cast<float>(i % 13 - 5);
    float expected = 0;  // integers: exact
    for (const float v : x) expected += v;
    CHECK(sum_row(x.data(), n) == expected);
  }
}

TEST_CASE("simd: 64-bit products and the order of the random words") {
  constexpr int kLanes = WideU32::kLanes;
  static_assert(4 * kLanes == 2 * Vec<float>::kWidth);
  const std::uint64_t start = 0xFFFFFFFDULL;  // the carry into the upper half happens within the lanes
  const WideU32 a = WideU32::sequence(start), p = product(a, WideU32::all(0xD2511F53U));
  Vec<float> low, high;
  upper_24_bits(a, a.high(), p, p.high() ^ a, low, high);
  float words[4 * kLanes];
  low.store(words);
  high.store(words + 2 * kLanes);
  for (int i = 0; i < kLanes; ++i) {
    const std::uint64_t counter = start + static_cast<std::uint64_t>(i);
    const auto lower = static_cast<std::uint32_t>(counter), upper = static_cast<std::uint32_t>(counter >> 32);
    const std::uint64_t wide = std::uint64_t{lower} * 0xD2511F53U;
    const std::uint32_t expected[] = {lower, upper, static_cast<std::uint32_t>(wide),
                                      static_cast<std::uint32_t>(wide >> 32) ^ lower};
    for (int j = 0; j < 4; ++j) CHECK(words[4 * i + j] == static_cast<float>(expected[j] >> 8));
  }
}

}  // namespace
}  // namespace aio::cpu
