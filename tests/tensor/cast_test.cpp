// All 25 pairs of dtypes, and the values that do not fit.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

TEST_CASE("cast: small integers survive every pair") {
  for (const DType from : kAllTypes) {
    for (const DType to : kAllTypes) {
      for (const std::int64_t n : {0, 1, 7, 237, 40001}) {
        Buffer x(from, {n}), y(to, {n});
        for (std::int64_t i = 0; i < n; ++i) x.set(i, static_cast<double>(i % 251));
        on_threads({&y}, [&] { kernels().cast(y.view(), x.view()); });
        INFO(describe(x), " to ", describe(y));
        check_equal(y, x.values());
      }
    }
  }
}

TEST_CASE("cast: floats round to nearest even") {
  for (const DType from : {DType::f64, DType::f32}) {
    const Buffer x = random(from, {769});
    Buffer y(DType::bf16, {769});
    kernels().cast(y.view(), x.view());
    check_equal(y,
                map(x, [](double v) { return static_cast<double>(static_cast<float>(bf16(static_cast<float>(v)))); }));
  }
  const Buffer x = random(DType::f64, {769});
  Buffer y(DType::f32, {769});
  kernels().cast(y.view(), x.view());
  check_equal(y, map(x, [](double v) { return static_cast<double>(static_cast<float>(v)); }));
}

TEST_CASE("cast: integers get floats truncated, clamped, and 0 for NaN") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const DType from : kFloats) {
    const Buffer x(from, {8}, {-1.75, 1.75, nan, inf, -inf, 255, 256, 1e30});
    Buffer bytes(DType::u8, {8}), integers(DType::i64, {8});
    kernels().cast(bytes.view(), x.view());
    check_equal(bytes, {0, 1, 0, 255, 0, 255, 255, 255});
    kernels().cast(integers.view(), x.view());
    const auto* values = integers.view().as<std::int64_t>();
    const std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
    const std::int64_t expected[] = {-1, 1, 0, high, low, 255, 256, high};
    for (int i = 0; i < 8; ++i) CHECK(values[i] == expected[i]);
  }
}

TEST_CASE("cast: infinities and NaN between floats") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const DType from : kFloats) {
    for (const DType to : kFloats) {
      const Buffer x(from, {3}, {inf, -inf, nan});
      Buffer y(to, {3});
      kernels().cast(y.view(), x.view());
      check_equal(y, {inf, -inf, nan});
    }
  }
}

}  // namespace
}  // namespace aio::test
