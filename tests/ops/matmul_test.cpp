#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/allocations.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

Tensor random(const Shape& shape, std::uint32_t call, DType dtype = DType::f32) {
  return uniform(shape, -1, 1, {11, 0, call}, {dtype});
}

Array product(const Tensor& a, const Tensor& b) {
  const Array x(a), y(b);
  const auto leading = [](const Shape& s) { return without(without(s, s.rank() - 1), s.rank() - 2); };
  Shape shape = broadcast_shapes("product", leading(x.shape), leading(y.shape));
  for (const std::int64_t size : {x.shape.back(1), y.shape.back()}) shape.push_back(size);
  const int row = shape.rank() - 2, col = shape.rank() - 1;
  return Array(shape, [&](const Shape& i) {
    double total = 0;
    for (std::int64_t k = 0; k < x.shape.back(); ++k) total += x.at(with(i, col, k)) * y.at(with(i, row, k));
    return total;
  });
}

TEST_CASE("matmul: odd sizes in f32 and bf16") {
  for (const std::int64_t m : {1, 7, 65}) {
    for (const std::int64_t k : {1, 33, 237}) {
      const Tensor a = random({m, k}, 0), b = random({k, 19}, 1);
      check_equal(matmul(a, b), product(a, b), 1e-5);  // observed: 2.7e-6
      const Tensor a16 = cast(a, DType::bf16), b16 = cast(b, DType::bf16);
      check_equal(matmul(a16, b16), product(a16, b16), 4e-3);  // one rounding to 8 bits: 2^-9 = 2.0e-3 of the value
    }
  }
}

TEST_CASE("matmul: transposes, slices and batches are used where they lie") {
  const Tensor a = random({64, 48}, 0), b = random({40, 48}, 1), batch = random({2, 9, 4, 16}, 2);
  // One allocation is the result.
  CHECK(allocations([&] { matmul(a, transpose(b, 0, 1)); }) == 1);
  CHECK(allocations([&] { matmul(transpose(a, 0, 1), slice(random({64, 5}, 3), 1, 1, 4)); }) == 2);  // and the random
  const Tensor heads = permute(batch, {0, 2, 1, 3});                                                 // [2, 4, 9, 16]
  CHECK(allocations([&] { matmul(heads, transpose(heads, -2, -1)); }) == 1);
  check_equal(matmul(heads, transpose(heads, -2, -1)), product(heads, transpose(heads, -2, -1)), 1e-6);
  const Tensor shared = expand(random({1, 16, 3}, 4), {4, 16, 3});  // stride 0 between matrices
  CHECK(allocations([&] { matmul(heads, shared); }) == 1);
  check_equal(matmul(heads, shared), product(heads, shared), 1e-6);
  // Neither stride is 1: copied once.
  const Tensor sparse = slice(slice(random({20, 20}, 5), 0, 0, 20, 2), 1, 0, 20, 2);
  CHECK(allocations([&] { matmul(sparse, sparse); }) == 3);
  check_equal(matmul(sparse, sparse), product(sparse, sparse), 1e-6);
}

TEST_CASE("matmul: an empty sum is zero, an empty result is empty") {
  check_equal(matmul(random({2, 0}, 0), random({0, 3}, 1)), Array({2, 3}, [](const Shape&) { return 0.0; }));
  CHECK(matmul(random({0, 4}, 0), random({4, 3}, 1)).shape() == Shape{0, 3});
  CHECK(matmul(random({5, 0, 3, 4}, 0), random({4, 2}, 1)).shape() == Shape{5, 0, 3, 2});
}

}  // namespace
}  // namespace aio::test
