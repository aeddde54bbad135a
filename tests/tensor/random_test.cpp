#include "tensor/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "tests/expect_error.h"
#include "tests/kernel_test.h"

namespace aio {
namespace {

TEST_CASE("philox: known answers of the Random123 distribution (kat_vectors)") {
  const auto check = [](Philox4 counter, std::uint32_t k0, std::uint32_t k1, Philox4 expected) {
    const Philox4 result = philox4x32_10(counter, k0, k1);
    for (int i = 0; i < 4; ++i) CHECK(result.v[i] == expected.v[i]);
  };
  check({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  check({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
        {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST_CASE("random: the counter is (group low, group high, call, step) and the key the seed") {
  const RngKey key{0x299f31d0a4093822, 0x03707344, 0x13198a2e};
  const Philox4 bits = random_bits(key, 0x85a308d3243f6a88);
  CHECK(bits.v[0] == 0xd16cfe09);
  CHECK(bits.v[3] == 0x24126ea1);
}

TEST_CASE("random: a stream hands out calls in order; a copy replays them") {
  RngStream stream(7, 3);
  const RngStream copy = stream;
  CHECK(stream.next().call == 0);
  CHECK(stream.next().call == 1);
  CHECK(copy.position().call == 0);
  CHECK(stream.position().step == 3);
}

struct Moments {
  double mean, variance, low, high;
};

Moments moments(const Tensor& x) {
  const std::vector<float> values = x.to_vector<float>();
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const float v : values) squares += (v - mean) * (v - mean);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {mean, squares / n, *low, *high};
}

TEST_CASE("random: distributions have their moments (4 million draws, bounds at 5 standard errors)") {
  const Shape shape{1 << 22};
  const double n = std::ldexp(1, 22);
  const Moments u = moments(uniform(shape, -1, 3, {11}));
  CHECK(std::abs(u.mean - 1) < 5 * std::sqrt(16.0 / 12 / n));
  CHECK(std::abs(u.variance - 16.0 / 12) < 0.01);
  CHECK(u.low >= -1);
  CHECK(u.high <= 3);
  const Moments g = moments(normal(shape, 2, 3, {12}));
  CHECK(std::abs(g.mean - 2) < 5 * 3 / std::sqrt(n));
  CHECK(std::abs(g.variance - 9) < 5 * 9 * std::sqrt(2 / n));
  // A standard normal cut at +-1 has variance 1 - 2 phi(1) / (2 Phi(1) - 1) = 0.29112.
  const Moments t = moments(truncated_normal(shape, 0, 1, -1, 1, {13}));
  CHECK(std::abs(t.variance - 0.29112) < 0.001);
  CHECK(t.low >= -1);
  CHECK(t.high <= 1);
}

TEST_CASE("random: truncated_normal is the inverse CDF of its uniform draw") {
  // Phi^-1 at the three ranges of the rational approximation, against values from tables.
  const Tensor x = truncated_normal({1000}, 0, 1, -8, 8, {21}, {DType::f64, {}});
  const Tensor u = uniform({1000}, 0, 1, {21}, {DType::f64, {}});
  const auto values = x.to_vector<double>();
  const auto draws = u.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(0.5 * std::erfc(-values[i] / std::sqrt(2.0)) == doctest::Approx(draws[i]).epsilon(1e-12));
  }
}

TEST_CASE("random: bits do not depend on the number of threads or on the tensor's shape") {
  std::vector<float> reference;
  for (const int threads : {1, 2, 3}) {
    const test::Threads scope(threads);
    const auto values = normal({100003}, 0, 1, {5, 6, 7}).to_vector<float>();
    if (reference.empty()) reference = values;
    CHECK(std::memcmp(values.data(), reference.data(), values.size() * sizeof(float)) == 0);
  }
  const auto head = normal({10, 7}, 0, 1, {5, 6, 7}).to_vector<float>();
  CHECK(std::equal(head.begin(), head.end(), reference.begin()));
}

TEST_CASE("random: different keys give different numbers") {
  const auto base = uniform({8}, 0, 1, {1, 1, 1}).to_vector<float>();
  CHECK(base != uniform({8}, 0, 1, {2, 1, 1}).to_vector<float>());
  CHECK(base != uniform({8}, 0, 1, {1, 2, 1}).to_vector<float>());
  CHECK(base != uniform({8}, 0, 1, {1, 1, 2}).to_vector<float>());
}

TEST_CASE("random: integers cover their range evenly, permutations are permutations") {
  const auto draws = random_integers({70000}, -3, 4, {9}).to_vector<std::int64_t>();
  std::vector<int> counts(7);
  for (const std::int64_t d : draws) {
    REQUIRE(d >= -3);
    REQUIRE(d < 4);
    ++counts[static_cast<std::size_t>(d + 3)];
  }
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);  // 5.4 standard deviations

  auto order = permutation(1000, {3, 1});
  CHECK(order != permutation(1000, {3, 2}));
  CHECK(order == permutation(1000, {3, 1}));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) CHECK(order[i] == static_cast<std::int64_t>(i));
  CHECK(permutation(0, {}).empty());

  // First elements of many short permutations are uniform: catches a Fisher-Yates that is off by one.
  std::vector<int> first(5);
  for (std::uint32_t i = 0; i < 5000; ++i) ++first[static_cast<std::size_t>(permutation(5, {1, i})[0])];
  for (const int count : first) CHECK(std::abs(count - 1000) < 150);
}

TEST_CASE("random: misuse") {
  EXPECT_ERROR(uniform({2}, 0, 1, {}, {DType::i64, {}}), dtype, "expected f32, f64 or bf16");
  EXPECT_ERROR(uniform({2}, 1, 0, {}), value, "uniform: got the range 1 to 0");
  EXPECT_ERROR(normal({2}, 0, -1, {}), value, "normal: got standard deviation -1");
  EXPECT_ERROR(truncated_normal({2}, 0, 0, -1, 1, {}), value, "positive deviation");
  EXPECT_ERROR(random_integers({2}, 3, 3, {}), value, "low < high");
  using Limits = std::numeric_limits<std::int64_t>;  // high - low overflowed to -1, which passed as a small range
  EXPECT_ERROR(random_integers({2}, Limits::min(), Limits::max(), {}), value, "at most 2^32 apart");
  EXPECT_ERROR(permutation(-1, {}), value, "length of -1");
}

TEST_CASE("dropout_threshold: the smallest integer whose draws are dropped with probability p or more") {
  CHECK(dropout_threshold(0) == 0);
  CHECK(dropout_threshold(0.5) == 1U << 23);
  CHECK(dropout_threshold(1e-9) == 1);
}

}  // namespace
}  // namespace aio
