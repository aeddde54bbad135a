// gather_rows, scatter_add_rows and check_indices kernels against plain loops.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/expect_error.h"
#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

struct Case {
  std::int64_t B, V, N, C;
  bool shared;  // index [N], not [B, N]
};

constexpr Case kCases[] = {{1, 3, 11, 7, true},      {2, 50, 40, 193, false}, {3, 5, 4, 1, true},
                           {1, 1000, 30, 768, true}, {2, 9, 300, 200, false}, {1, 4, 0, 3, true},
                           {2, 3, 5, 0, true},       {0, 3, 5, 2, true}};

Buffer make_index(const Case& k) {
  return random(DType::i64, k.shared ? std::vector{k.N} : std::vector{k.B, k.N}, 1, 0, static_cast<double>(k.V));
}

/// Visits (element of the table, element of the rows) in the order of b, n, c.
template <class Body>
void each_pair(const Case& k, const Buffer& index, Body&& body) {
  const std::vector<double> places = index.values();
  for (std::int64_t b = 0; b < k.B; ++b) {
    for (std::int64_t n = 0; n < k.N; ++n) {
      const auto v = static_cast<std::int64_t>(places[static_cast<std::size_t>((k.shared ? 0 : b * k.N) + n)]);
      for (std::int64_t c = 0; c < k.C; ++c)
        body(static_cast<std::size_t>((b * k.V + v) * k.C + c), static_cast<std::size_t>((b * k.N + n) * k.C + c));
    }
  }
}

TEST_CASE("gather_rows: every dtype, shared and per batch") {
  for (const DType dtype : test::kAllTypes) {
    for (const Case& k : kCases) {
      const Buffer index = make_index(k), x = random(dtype, {k.B, k.V, k.C}, 2, 0, 200);
      Buffer y(dtype, {k.B, k.N, k.C});
      test::on_threads({&y}, [&] { kernels().gather_rows(y.view(), x.view(), index.view()); });
      const std::vector<double> table = x.values();
      std::vector<double> expected(static_cast<std::size_t>(y.numel()));
      each_pair(k, index, [&](std::size_t from, std::size_t to) { expected[to] = table[from]; });
      test::check_equal(y, expected);
    }
  }
}

/// Runs the kernel over `dx`, which holds `start`.
void scatter(Buffer& dx, const Buffer& start, const Buffer& dy, const Buffer& index) {
  test::on_threads(
      {&dx}, [&] { kernels().scatter_add_rows(dx.view(), dy.view(), index.view()); }, [&] { dx = start; });
}

TEST_CASE("scatter_add_rows: adds in the order of n, bit by bit") {
  for (const Case& k : kCases) {
    const Buffer index = make_index(k), dy = random(DType::f32, {k.B, k.N, k.C}, 3);
    const Buffer start = random(DType::f32, {k.B, k.V, k.C}, 4);
    const std::vector<double> rows = dy.values();
    std::vector<double> expected = start.values();
    each_pair(k, index, [&](std::size_t to, std::size_t from) {
      expected[to] = static_cast<double>(static_cast<float>(expected[to]) + static_cast<float>(rows[from]));
    });
    Buffer dx = start;
    scatter(dx, start, dy, index);
    test::check_equal(dx, expected);
  }
}

TEST_CASE("scatter_add_rows: f64, and bf16 rounded once") {
  for (const Case& k : kCases) {
    for (const DType dtype : {DType::f64, DType::bf16}) {
      const Buffer index = make_index(k), dy = random(dtype, {k.B, k.N, k.C}, 3);
      const Buffer start = random(dtype, {k.B, k.V, k.C}, 4);
      const std::vector<double> rows = dy.values();
      std::vector<double> expected = start.values();
      each_pair(k, index, [&](std::size_t to, std::size_t from) { expected[to] += rows[from]; });
      Buffer dx = start;
      scatter(dx, start, dy, index);
      test::check_close(dx, expected, test::rounding_bound(dtype));  // observed f64 0, bf16 4e-6
    }
  }
  // Rounded after each addition, 1 + 2^-9 + 2^-9 + ... would stay 1 in bf16.
  const Buffer dx(DType::bf16, {1, 1, 1}, {1}), dy(DType::bf16, {1, 512, 1}, std::vector<double>(512, 1.0 / 512));
  const Buffer index(DType::i64, {512}, std::vector<double>(512, 0));
  kernels().scatter_add_rows(dx.view(), dy.view(), index.view());
  CHECK(dx.at(0) == 2);
}

TEST_CASE("check_indices: the first that is outside, in any shape") {
  const auto check = [](const Buffer& index, std::int64_t size) {
    kernels().check_indices("op", "id", index.view(), size);
  };
  check(Buffer(DType::i64, {2, 3}, {5, 9, 0, 7, 9, 0}), 10);
  check(Buffer(DType::i64, {0}, {}), 0);
  EXPECT_ERROR(check(Buffer(DType::i64, {2, 3}, {5, 9, -4, 7, 9, 0}), 9), index,
               "op: id 9 at position 1 is outside 0..8");
  EXPECT_ERROR(check(Buffer(DType::i64, {2, 3}, {5, 8, -4, 7, 9, 0}), 9), index,
               "op: id -4 at position 2 is outside 0..8");
  EXPECT_ERROR(check(Buffer(DType::i64, {1}, {1LL << 40}), 1LL << 40), index, "1099511627776");
}

}  // namespace
}  // namespace aio
