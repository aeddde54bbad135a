// fill and copy_strided against element-by-element copies, for layouts of every kind.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

using Dims = std::vector<std::int64_t>;

/// The view whose dimension i is x's dimension order[i].
View permuted(const View& x, const std::vector<int>& order) {
  View v = x;
  for (std::size_t i = 0; i < order.size(); ++i) {
    v.dim[i] = x.dim[order[i]];
    v.stride[i] = x.stride[order[i]];
  }
  return v;
}

/// Elements begin, begin + step, ... of one dimension, `size` of them.
View sliced(const View& x, int dim, std::int64_t begin, std::int64_t size, std::int64_t step) {
  View v = x;
  v.data = static_cast<std::uint8_t*>(x.data) + begin * x.stride[dim] * size_of(x.dtype);
  v.dim[dim] = size;
  v.stride[dim] *= step;
  return v;
}

View repeated(const View& x, int dim, std::int64_t size) {
  View v = x;
  v.dim[dim] = size;
  v.stride[dim] = 0;
  return v;
}

Dims dims_of(const View& v) { return {v.dim, v.dim + v.rank}; }

std::int64_t offset(const View& v, std::int64_t index) {
  std::int64_t result = 0;
  for (int i = v.rank - 1; i >= 0; --i) {
    result += index % v.dim[i] * v.stride[i];
    index /= v.dim[i];
  }
  return result;
}

/// Bytes of element i (row-major) of any view.
std::string element(const View& v, std::int64_t i) {
  const auto size = static_cast<std::size_t>(size_of(v.dtype));
  return {static_cast<const char*>(v.data) + offset(v, i) * size_of(v.dtype), size};
}

/// Copies `x` into a new contiguous array and, if given, into `target` (a view of `owner`), and looks at each element.
void check_copy(const View& x) {
  Buffer y(x.dtype, dims_of(x));
  INFO("to ", describe(y));
  on_threads({&y}, [&] { kernels().copy_strided(y.view(), x); });
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < x.numel(); ++i) wrong += element(y.view(), i) != element(x, i);
  CHECK(wrong == 0);
}

TEST_CASE("copy: every order of four dimensions") {
  for (const DType dtype : kAllTypes) {
    const Buffer x = random(dtype, {5, 7, 3, 18}, 1, 0, 200);
    std::vector<int> order = {0, 1, 2, 3};
    do {
      CAPTURE(order[0]);
      CAPTURE(order[1]);
      CAPTURE(order[2]);
      check_copy(permuted(x.view(), order));
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("copy: transposes of odd and larger sizes") {
  for (const DType dtype : kAllTypes) {
    for (const Dims& dims : {Dims{1, 7}, {7, 1}, {2, 237}, {237, 3}, {237, 64}, {65, 769}, {300, 257}}) {
      const Buffer x = random(dtype, dims, 1, 0, 200);
      check_copy(permuted(x.view(), {1, 0}));
    }
    check_copy(permuted(random(dtype, {3, 33, 2, 70}, 1, 0, 200).view(), {0, 3, 2, 1}));
  }
}

TEST_CASE("copy: repeated dimensions") {
  const Buffer x = random(DType::f32, {6, 1, 9});
  check_copy(repeated(x.view(), 1, 11));
  check_copy(permuted(repeated(x.view(), 1, 11), {0, 2, 1}));
  check_copy(permuted(repeated(x.view(), 1, 11), {1, 2, 0}));
  check_copy(repeated(repeated(x.view(), 2, 50), 1, 3));
  check_copy(repeated(random(DType::f32, {1}).view(), 0, 50000));
}

TEST_CASE("copy: slices with steps, rank 6, rank 0, empty") {
  const Buffer x = random(DType::bf16, {4, 5, 30});
  check_copy(sliced(x.view(), 2, 3, 9, 3));
  check_copy(sliced(sliced(x.view(), 1, 1, 2, 2), 2, 0, 15, 2));
  check_copy(permuted(sliced(x.view(), 0, 1, 2, 2), {2, 1, 0}));
  check_copy(random(DType::i64, {2, 3, 1, 2, 3, 2}, 1, -9, 9).view());
  check_copy(permuted(random(DType::u8, {2, 3, 4, 2, 3, 5}, 1, 0, 255).view(), {5, 3, 1, 4, 2, 0}));
  check_copy(random(DType::f64, {}).view());
  check_copy(random(DType::f64, {3, 0, 2}).view());
}

TEST_CASE("copy: one long run is cut among threads") { check_copy(random(DType::f32, {200001}).view()); }

TEST_CASE("copy: into a strided target, all between its elements untouched") {
  for (const DType dtype : kAllTypes) {
    const Buffer x = random(dtype, {6, 20, 8}, 1, 0, 200);
    Buffer y(dtype, {8, 12, 43});
    const View target = permuted(sliced(sliced(y.view(), 1, 2, 6, 1), 2, 1, 20, 2), {1, 2, 0});  // [6, 20, 8]
    on_threads({&y}, [&] { kernels().copy_strided(target, x.view()); });
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < x.numel(); ++i) wrong += element(target, i) != element(x.view(), i);
    CHECK(wrong == 0);
    Buffer untouched(dtype, {8, 12, 43});
    std::int64_t changed = 0;
    for (std::int64_t i = 0; i < y.numel(); ++i) changed += element(y.view(), i) != element(untouched.view(), i);
    CHECK(changed <= x.numel());
  }
}

TEST_CASE("fill: every dtype, odd sizes") {
  for (const DType dtype : kAllTypes) {
    for (const std::int64_t n : {0, 1, 7, 237, 100003}) {
      Buffer y(dtype, {n});
      on_threads({&y}, [&] { kernels().fill(y.view(), 3); });
      check_equal(y, std::vector<double>(static_cast<std::size_t>(n), 3.0));
    }
  }
  Buffer y(DType::bf16, {2});
  kernels().fill(y.view(), -std::numeric_limits<double>::infinity());
  check_equal(y, std::vector<double>(2, -std::numeric_limits<double>::infinity()));
}

}  // namespace
}  // namespace aio::test
