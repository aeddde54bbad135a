// Views against index arithmetic written out: for every element of the view, which element of the base is it?
#include "tensor/raw.h"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "tests/expect_error.h"

namespace aio {
namespace {

Tensor iota(const Shape& shape) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.numel()));
  std::iota(values.begin(), values.end(), std::int64_t{0});
  return Tensor::from(values, shape);
}

std::vector<std::int64_t> elements(const Tensor& x) { return x.to_vector<std::int64_t>(); }

bool shares(const Tensor& a, const Tensor& b) { return &a.storage() == &b.storage(); }

TEST_CASE("raw: permute and transpose") {
  const Tensor x = iota({2, 3, 4});
  const Tensor y = raw::permute(x, {2, 0, 1});
  CHECK(y.shape() == Shape{4, 2, 3});
  CHECK(shares(x, y));
  std::vector<std::int64_t> expected;
  for (int k = 0; k < 4; ++k) {
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 3; ++j) expected.push_back(i * 12 + j * 4 + k);
    }
  }
  CHECK(elements(y) == expected);
  CHECK(elements(raw::transpose(raw::transpose(x, 0, 2), -1, 0)) == elements(x));
  EXPECT_ERROR(raw::permute(x, {0, 0, 1}), index, "dimension 0 of shape [2, 3, 4] is named twice");
  EXPECT_ERROR(raw::permute(x, {0, 1}), shape, "got 2 dimensions for shape [2, 3, 4]");
}

TEST_CASE("raw: slice with step and from the end, select") {
  const Tensor x = iota({10});
  CHECK(elements(raw::slice(x, 0, 2, 9, 3)) == std::vector<std::int64_t>{2, 5, 8});
  CHECK(elements(raw::slice(x, 0, -3, 10)) == std::vector<std::int64_t>{7, 8, 9});
  CHECK(raw::slice(x, 0, 4, 4).numel() == 0);
  CHECK(elements(raw::slice(x, 0, 2, 9, std::numeric_limits<std::int64_t>::max())) == std::vector<std::int64_t>{2});
  CHECK(elements(raw::select(iota({2, 3}), 1, -1)) == std::vector<std::int64_t>{2, 5});
  EXPECT_ERROR(raw::slice(x, 0, 5, 11), index, "range 5 to 11 does not lie in dimension 0 of shape [10]");
  EXPECT_ERROR(raw::slice(x, 0, 0, 5, 0), value, "step is 0");
  EXPECT_ERROR(raw::select(x, 0, 10), index, "index 10 is out of range");
}

TEST_CASE("raw: reshape is a view where strides allow it, else a copy; both give row-major order") {
  const Tensor x = iota({4, 6});
  CHECK(shares(raw::reshape(x, {2, -1}), x));
  CHECK(raw::reshape(x, {2, -1}).shape() == Shape{2, 12});

  const Tensor columns = raw::slice(x, 1, 0, 4);  // rows of 4 in steps of 6
  const Tensor split = raw::reshape(columns, {2, 2, 2, 2});
  CHECK(shares(split, x));
  CHECK(elements(split) == elements(columns));
  const Tensor merged = raw::reshape(columns, {16});
  CHECK_FALSE(shares(merged, x));
  CHECK(elements(merged) == elements(columns));

  const Tensor turned = raw::transpose(x, 0, 1);
  CHECK(elements(raw::reshape(turned, {24})) == elements(turned));
  CHECK(shares(raw::reshape(turned, {3, 2, 4}), x));
  CHECK(elements(raw::reshape(turned, {3, 2, 4})) == elements(turned));
  CHECK(shares(raw::reshape(turned, {1, 6, 1, 4, 1}), x));

  CHECK(raw::reshape(iota({0, 3}), {3, 0}).numel() == 0);
  EXPECT_ERROR(raw::reshape(x, {5, -1}), shape, "[4, 6] with 24 elements does not fit shape [5, -1]");
  EXPECT_ERROR(raw::reshape(x, {5, 5}), shape, "[4, 6] has 24 elements, shape [5, 5] has 25");
  EXPECT_ERROR(raw::reshape(x, {-1, -1}), shape, "more than one -1");
  EXPECT_ERROR(raw::reshape(x, {-1, -2}), shape, "reshape: shape [-1, -2] has a negative dimension");
  EXPECT_ERROR(raw::reshape(x, {0, -1}), shape, "does not fit shape [0, -1]");
  // 2^64 elements are 0 when they are counted in 64 bits, and an empty tensor fitted.
  constexpr std::int64_t kHuge = std::int64_t{1} << 32;
  EXPECT_ERROR(raw::reshape(iota({0}), {kHuge, kHuge}), oom, "reshape: shape [4294967296, 4294967296]");
}

TEST_CASE("raw: expand repeats, unsqueeze inserts") {
  const Tensor x = iota({3, 1});
  const Tensor y = raw::expand(x, {2, 3, 2});
  CHECK(elements(y) == std::vector<std::int64_t>{0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2});
  CHECK(shares(x, y));
  CHECK(raw::unsqueeze(x, -1).shape() == Shape{3, 1, 1});
  CHECK(raw::unsqueeze(x, 0).shape() == Shape{1, 3, 1});
  EXPECT_ERROR(raw::expand(x, {4, 2}), shape, "[3, 1]");
  EXPECT_ERROR(raw::expand(iota({3, 2}), {3, 1}), shape, "does not expand to [3, 1]");
  EXPECT_ERROR(raw::expand(x, {3, -1}), shape, "expand: shape [3, -1] has a negative dimension");
  constexpr std::int64_t kHuge = std::int64_t{1} << 32;
  EXPECT_ERROR(raw::expand(x, {kHuge, kHuge, 3, 1}), oom, "expand: shape [4294967296, 4294967296, 3, 1]");
}

TEST_CASE("raw: writes through a view reach the base and raise its version") {
  const Tensor x = Tensor::zeros({2, 3});
  const Tensor column = raw::select(x, 1, 1);
  raw::fill_(column, 4);
  CHECK(x.to_vector<float>() == std::vector<float>{0, 4, 0, 0, 4, 0});
  raw::copy_(raw::slice(x, 1, 0, 1), Tensor::full({2, 1}, 9));
  CHECK(x.to_vector<float>() == std::vector<float>{9, 4, 0, 9, 4, 0});
  CHECK(x.version() == 2);
  raw::axpby_(x, 2, Tensor::full({2, 3}, 1), 0.5);
  CHECK(x.to_vector<float>() == std::vector<float>{6.5, 4, 2, 6.5, 4, 2});
  EXPECT_ERROR(raw::copy_(x, Tensor::zeros({3, 2})), shape, "got f32[3, 2] for a destination of f32[2, 3]");
  // Which of the repeats stayed would depend on the threads.
  EXPECT_ERROR(raw::copy_(raw::expand(column, {3, 2}), Tensor::zeros({3, 2})), value,
               "f32[3, 2] repeats its elements along dimension 0");
  EXPECT_ERROR(raw::axpby_(column, 1, Tensor::zeros({2}), 1), shape, "must be contiguous");
}

TEST_CASE("raw: contiguous and cast return the tensor itself when there is nothing to do") {
  const Tensor x = Tensor::zeros({2, 3});
  CHECK(raw::contiguous(x).is_same(x));
  CHECK(raw::cast(x, DType::f32).is_same(x));
  CHECK(raw::cast(raw::transpose(x, 0, 1), DType::f64).is_contiguous());
}

}  // namespace
}  // namespace aio
