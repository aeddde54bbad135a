// The elementwise kernels against their formulas in double.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

using Dims = std::vector<std::int64_t>;

double apply(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::add: return a + b;
    case BinaryOp::sub: return a - b;
    case BinaryOp::mul: return a * b;
    case BinaryOp::div: return a / b;
  }
  return 0;
}

constexpr BinaryOp kBinaryOps[] = {BinaryOp::add, BinaryOp::sub, BinaryOp::mul, BinaryOp::div};

void check_binary(DType dtype, const Dims& shape, const Dims& shape_a, const Dims& shape_b) {
  const Buffer a = random(dtype, shape_a, 1), b = random(dtype, shape_b, 2, 0.5, 2);
  Buffer y(dtype, shape);
  for (const BinaryOp op : kBinaryOps) {
    on_threads({&y}, [&] { kernels().binary(op, y.view(), a.view(), b.view()); });
    std::vector<double> expected(static_cast<std::size_t>(y.numel()));
    for (std::int64_t i = 0; i < y.numel(); ++i)
      expected[static_cast<std::size_t>(i)] = apply(op, a.at(i % a.numel()), b.at(i % b.numel()));
    INFO(describe(a), " and ", describe(b));
    check_close(y, expected, rounding_bound(dtype));
  }
}

TEST_CASE("binary: equal shapes and repeated trailing parts, odd sizes") {
  for (const DType dtype : kFloats) {
    for (const std::int64_t n : {0, 1, 7, 237, 769, 40001}) check_binary(dtype, {n}, {n}, {n});
    check_binary(dtype, {300, 192}, {300, 192}, {192});
    check_binary(dtype, {300, 192}, {192}, {300, 192});
    check_binary(dtype, {40, 769}, {40, 769}, {769});
    check_binary(dtype, {23, 3}, {23, 3}, {3});
    check_binary(dtype, {9001, 3}, {3}, {9001, 3});
    check_binary(dtype, {33333}, {33333}, {});
    check_binary(dtype, {33333}, {1}, {33333});
    check_binary(dtype, {3, 237, 50}, {3, 237, 50}, {237, 50});
    check_binary(dtype, {5, 7, 3}, {7, 3}, {3});
    check_binary(dtype, {7, 3}, {3}, {3});
  }
}

TEST_CASE("binary: in place over either operand") {
  const Buffer a = random(DType::f32, {1000}, 1), b = random(DType::f32, {1000}, 2);
  Buffer y(DType::f32, {1000}), in_place(DType::f32, {1000});
  kernels().binary(BinaryOp::sub, y.view(), a.view(), b.view());
  on_threads(
      {&in_place}, [&] { kernels().binary(BinaryOp::sub, in_place.view(), in_place.view(), b.view()); },
      [&] { in_place = a; });
  CHECK(in_place.bytes() == y.bytes());
  on_threads(
      {&in_place}, [&] { kernels().binary(BinaryOp::sub, in_place.view(), a.view(), in_place.view()); },
      [&] { in_place = b; });
  CHECK(in_place.bytes() == y.bytes());
}

TEST_CASE("binary: IEEE rules for zero, infinity, NaN") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const DType dtype : kFloats) {
    const Buffer a(dtype, {5}, {1, 0, inf, nan, -1}), b(dtype, {5}, {0, 0, inf, 1, 0});
    Buffer y(dtype, {5});
    kernels().binary(BinaryOp::div, y.view(), a.view(), b.view());
    check_equal(y, {inf, nan, nan, nan, -inf});
    kernels().binary(BinaryOp::sub, y.view(), a.view(), b.view());
    check_equal(y, {1, 0, nan, nan, -1});
  }
}

TEST_CASE("axpby and affine") {
  for (const DType dtype : kFloats) {
    for (const std::int64_t n : {0, 1, 7, 769, 40001}) {
      const Buffer x = random(dtype, {n}, 1), old = random(dtype, {n}, 2);
      Buffer y(dtype, {n});
      on_threads(
          {&y}, [&] { kernels().axpby(y.view(), 0.75, x.view(), -1.5); }, [&] { y = old; });
      std::vector<double> expected = map(x, [](double v) { return 0.75 * v; });
      for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] += -1.5 * old.at(i);
      check_close(y, expected, rounding_bound(dtype));
      on_threads({&y}, [&] { kernels().affine(y.view(), x.view(), 0.75, -1.5); });
      check_close(y, map(x, [](double v) { return 0.75 * v - 1.5; }), rounding_bound(dtype));
    }
  }
}

TEST_CASE("axpby: beta = 0 does not read y") {
  const Buffer x = random(DType::f32, {33});
  Buffer y(DType::f32, {33}, std::vector<double>(33, std::nan("")));
  kernels().axpby(y.view(), 2, x.view(), 0);
  check_equal(y, map(x, [](double v) { return 2 * v; }));
}

TEST_CASE("scale_rows") {
  for (const DType dtype : kFloats) {
    for (const Dims& dims : {Dims{1, 1}, {7, 237}, {300, 192}, {5, 3, 769}, {0, 4}, {4, 0}}) {
      const Buffer x = random(dtype, dims, 1), s = random(accumulator_of(dtype), {dims[0]}, 2);
      Buffer y(dtype, dims);
      on_threads({&y}, [&] { kernels().scale_rows(y.view(), x.view(), s.view()); });
      std::vector<double> expected = x.values();
      const std::int64_t cols = dims[0] == 0 ? 1 : x.numel() / dims[0];
      for (std::int64_t i = 0; i < x.numel(); ++i) expected[static_cast<std::size_t>(i)] *= s.at(i / cols);
      check_close(y, expected, rounding_bound(dtype));
    }
  }
}

TEST_CASE("where and masked_fill: every dtype, bits unchanged") {
  for (const DType dtype : kAllTypes) {
    for (const std::int64_t n : {0, 1, 7, 237, 40001}) {
      const Buffer a = random(dtype, {n}, 1, 0, 100), b = random(dtype, {n}, 2, 0, 100);
      const Buffer mask = random(DType::u8, {n}, 3, 0, 3);  // 0, 1, 2: anything but 0 is true
      Buffer y(dtype, {n});
      on_threads({&y}, [&] { kernels().where(y.view(), mask.view(), a.view(), b.view()); });
      std::vector<double> expected(static_cast<std::size_t>(n));
      for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] = mask.at(i) != 0 ? a.at(i) : b.at(i);
      check_equal(y, expected);
      on_threads({&y}, [&] { kernels().masked_fill(y.view(), a.view(), mask.view(), 5); });
      for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] = mask.at(i) != 0 ? 5 : a.at(i);
      check_equal(y, expected);
      on_threads(
          {&y}, [&] { kernels().masked_fill(y.view(), y.view(), mask.view(), 5); }, [&] { y = a; });
      check_equal(y, expected);
    }
  }
  const double inf = std::numeric_limits<double>::infinity();
  const Buffer x(DType::f32, {2}, {1, 2}), mask(DType::u8, {2}, {1, 0});
  Buffer y(DType::f32, {2});
  kernels().masked_fill(y.view(), x.view(), mask.view(), -inf);
  check_equal(y, {-inf, 2});
}

}  // namespace
}  // namespace aio::test
