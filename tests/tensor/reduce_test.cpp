// sum_dim against sums in double.

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

using Dims = std::vector<std::int64_t>;

std::vector<double> sums(const Buffer& x) {
  const std::int64_t n = x.dims()[1], inner = x.dims()[2];
  std::vector<double> y(static_cast<std::size_t>(x.dims()[0] * inner));
  for (std::int64_t i = 0; i < x.numel(); ++i)
    y[static_cast<std::size_t>(i / (n * inner) * inner + i % inner)] += x.at(i);
  return y;
}

TEST_CASE("sum_dim: rows, columns and the middle, odd sizes, all dtypes") {
  for (const DType dtype : kFloats) {
    for (const Dims& dims : {Dims{1, 1, 1},
                             {7, 237, 1},
                             {1, 40001, 1},
                             {3, 8193, 1},
                             {500, 192, 1},
                             {1, 7, 769},
                             {1, 65, 1},
                             {1, 65, 3},
                             {1, 300, 192},
                             {4, 129, 67},
                             {5, 3, 2050},
                             {2, 1000, 2},
                             {1, 64, 40},
                             {6, 1, 5},
                             {2, 4096, 1},
                             {2, 4097, 1}}) {
      const Buffer x = random(dtype, dims, 1, 0, 1);
      Buffer y(dtype, {dims[0], dims[2]});
      INFO("x ", describe(x));
      on_threads({&y}, [&] { kernels().sum_dim(y.view(), x.view()); });
      // Positive summands, so no cancellation: observed 2e-14 (f32), 6e-32 (f64), 3e-6 (bf16, one rounding).
      check_close(y, sums(x), rounding_bound(dtype));
    }
  }
}

TEST_CASE("sum_dim: nothing to add gives 0, nothing to write writes nothing") {
  for (const Dims& dims : {Dims{3, 0, 4}, {3, 0, 1}, {0, 5, 4}, {2, 5, 0}}) {
    const Buffer x(DType::f32, dims);
    Buffer y(DType::f32, {dims[0], dims[2]});
    on_threads({&y}, [&] { kernels().sum_dim(y.view(), x.view()); });
    check_equal(y, std::vector<double>(static_cast<std::size_t>(y.numel()), 0.0));
  }
}

TEST_CASE("sum_dim: the error of long sums does not grow with their length") {
  // Four million times 0.1f: a running f32 sum is wrong by some per cent.
  for (const Dims& dims : {Dims{1, 1 << 22, 1}, {1, 1 << 21, 2}}) {
    const std::int64_t n = dims[1];
    Buffer x(DType::f32, dims), y(DType::f32, {1, dims[2]});
    kernels().fill(x.view(), 0.1);
    kernels().sum_dim(y.view(), x.view());
    const double expected = static_cast<double>(0.1f) * static_cast<double>(n);
    for (std::int64_t i = 0; i < y.numel(); ++i) CHECK(std::abs(y.at(i) / expected - 1) < 1e-6);  // observed 3e-7
  }
}

TEST_CASE("sum_dim: one NaN spoils its own sum only") {
  Buffer x = random(DType::f32, {1, 200, 20});
  x.set(20 * 77 + 5, std::nan(""));
  Buffer y(DType::f32, {1, 20});
  kernels().sum_dim(y.view(), x.view());
  for (std::int64_t i = 0; i < 20; ++i) CHECK(std::isnan(y.at(i)) == (i == 5));
}

}  // namespace
}  // namespace aio::test
