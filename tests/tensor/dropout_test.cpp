// Dropout against the scalar Philox of tensor/philox.h, bit for bit.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

bool kept(const RngKey& key, double p, std::int64_t i) {
  return (random_bits(key, static_cast<std::uint64_t>(i) / 4).v[i % 4] >> 8) >= dropout_threshold(p);
}

TEST_CASE("dropout: the mask is Philox's, on any number of threads") {
  const RngKey key{0x123456789abcdef0ULL, 17, 5};
  for (const DType dtype : kFloats) {
    for (const double p : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      for (const std::int64_t n : {0, 1, 7, 31, 33, 237, 769, 70001}) {
        const Buffer x = random(dtype, {n}, 3, 1, 2);
        Buffer y(dtype, {n});
        on_threads({&y}, [&] { kernels().dropout(y.view(), x.view(), p, key); });
        std::int64_t wrong = 0;
        for (std::int64_t i = 0; i < n; ++i) {
          const double expected = kept(key, p, i) ? x.at(i) / (1 - p) : 0;
          const double rounding = dtype == DType::bf16 ? 0x1p-8 : dtype == DType::f32 ? 0x1p-22 : 0x1p-51;
          wrong += !(std::abs(y.at(i) - expected) <= rounding * expected);
        }
        INFO(describe(y), " p ", p);
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("dropout: every part of the key counts, and the group number has 64 bits") {
  const std::int64_t n = 4096;
  const Buffer x(DType::f32, {n}, std::vector<double>(static_cast<std::size_t>(n), 1.0));
  const auto mask = [&](const RngKey& key) {
    Buffer y(DType::f32, {n});
    kernels().dropout(y.view(), x.view(), 0.5, key);
    return y.bytes();
  };
  const RngKey key{1, 2, 3};
  CHECK(mask(key) == mask(key));
  for (const RngKey& other : {RngKey{2, 2, 3}, RngKey{1ULL << 32 | 1, 2, 3}, RngKey{1, 3, 3}, RngKey{1, 2, 4}})
    CHECK(mask(other) != mask(key));
}

TEST_CASE("dropout: in place, and a dropped element is 0 whatever it was") {
  const std::int64_t n = 1000;
  const RngKey key{9, 0, 0};
  const Buffer x = random(DType::f32, {n});
  Buffer y(DType::f32, {n}), in_place(DType::f32, {n});
  kernels().dropout(y.view(), x.view(), 0.3, key);
  on_threads(
      {&in_place}, [&] { kernels().dropout(in_place.view(), in_place.view(), 0.3, key); }, [&] { in_place = x; });
  CHECK(in_place.bytes() == y.bytes());
  const Buffer nan(DType::f32, {n}, std::vector<double>(static_cast<std::size_t>(n), std::nan("")));
  kernels().dropout(y.view(), nan.view(), 0.3, key);
  for (std::int64_t i = 0; i < n; ++i) CHECK((kept(key, 0.3, i) ? std::isnan(y.at(i)) : y.at(i) == 0));
}

}  // namespace
}  // namespace aio::test
