#include "tensor/shape.h"

#include <doctest/doctest.h>

#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

TEST_CASE("shape: numel, text, insert and erase") {
  Shape shape{2, 3, 4};
  CHECK(shape.numel() == 24);
  CHECK(to_string(shape) == "[2, 3, 4]");
  CHECK(to_string(Shape{}) == "[]");
  CHECK(Shape{}.numel() == 1);
  shape.insert(1, 7);
  CHECK(shape == Shape{2, 7, 3, 4});
  shape.erase(0);
  CHECK(shape == Shape{7, 3, 4});
  CHECK(shape.back() == 4);
  CHECK(shape.back(2) == 7);
  EXPECT_ERROR((Shape{1, 2, 3, 4, 5, 6, 7}), shape, "got 7 dimensions, at most 6");
}

TEST_CASE("shape: sizes that overflow are errors with shape and byte size") {
  CHECK(checked_numel("t", {0, std::int64_t{1} << 62, 8}, 4) == 0);
  EXPECT_ERROR(checked_numel("t", {std::int64_t{1} << 62, 8}, 4), oom, "t: shape [4611686018427387904, 8]");
  EXPECT_ERROR(checked_numel("t", {std::int64_t{1} << 62}, 4), oom, "4-byte elements");
  EXPECT_ERROR(checked_numel("t", {2, -1}, 4), shape, "negative dimension");
}

TEST_CASE("shape: contiguity ignores dimensions of size 1 and empty shapes") {
  CHECK(contiguous_strides({2, 3, 4}) == Strides{12, 4, 1});
  CHECK(is_contiguous({2, 3}, {3, 1}));
  CHECK_FALSE(is_contiguous({2, 3}, {1, 2}));
  CHECK(is_contiguous({1, 3}, {999, 1}));
  CHECK(is_contiguous({0, 3}, {1, 2}));
  CHECK(is_contiguous({}, {}));
}

TEST_CASE("shape: broadcasting follows NumPy") {
  CHECK(broadcast_shapes("add", {3, 1, 4}, {2, 4}) == Shape{3, 2, 4});
  CHECK(broadcast_shapes("add", {}, {2, 4}) == Shape{2, 4});
  CHECK(broadcast_shapes("add", {0, 1}, {1, 5}) == Shape{0, 5});
  CHECK(broadcast_strides({3, 1}, {1, 1}, {2, 3, 4}) == Strides{0, 1, 0});
  EXPECT_ERROR(broadcast_shapes("add", {2, 3}, {4, 3}), shape,
               "add: shapes [2, 3] and [4, 3] do not broadcast: dimension 2 from the right is 2 and 4");
}

TEST_CASE("shape: negative dimensions count from the end") {
  CHECK(normalize_dim("sum", -1, {2, 3}) == 1);
  EXPECT_ERROR(normalize_dim("sum", 2, {2, 3}), index, "sum: dimension 2 is out of range for shape [2, 3]");
}

TEST_CASE("dtype and device: names both ways") {
  for (const char* name : {"f32", "f64", "bf16", "i64", "u8"}) CHECK(to_string(parse_dtype(name)) == name);
  EXPECT_ERROR(parse_dtype("f16"), config, "expected one of f32, f64, bf16, i64, u8");
  for (const char* name : {"cpu", "cuda:0", "cuda:3"}) CHECK(to_string(parse_device(name)) == name);
  CHECK(to_string(parse_device("cuda")) == "cuda:0");
  for (const char* name : {"gpu", "cuda:", "cuda:-1", "cuda:1x"}) EXPECT_ERROR(parse_device(name), config, name);
}

}  // namespace
}  // namespace aio
