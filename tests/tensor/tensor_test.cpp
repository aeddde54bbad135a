#include "tensor/tensor.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tensor/raw.h"
#include "tensor/storage.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

TEST_CASE("tensor: a copy is a handle on the same storage") {
  const Tensor a = Tensor::zeros({2, 3});
  const Tensor b = a;  // NOLINT: the copy is the point
  raw::fill_(b, 5);
  CHECK(a.to_vector<float>() == std::vector<float>(6, 5));
  CHECK(a.version() == 1);
  CHECK(a.is_same(b));
}

TEST_CASE("tensor: factories fill every dtype, zero-size dimensions included") {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::i64, DType::u8}) {
    CHECK(Tensor::full({}, 3, {dtype, {}}).item() == 3);
    CHECK(Tensor::zeros({0, 4}, {dtype, {}}).numel() == 0);
  }
  CHECK(Tensor::from(std::vector<std::int64_t>{1, 2, 3}, {3}).dtype() == DType::i64);
}

TEST_CASE("tensor: misuse is an error that names what came") {
  const Tensor x = Tensor::zeros({2, 3});
  EXPECT_ERROR(x.item(), shape, "item: got f32[2, 3]");
  EXPECT_ERROR(x.data<double>(), dtype, "tensor is f32, asked for as f64");
  EXPECT_ERROR(x.to_vector<std::int64_t>(), dtype, "tensor is f32, asked for as i64");
  EXPECT_ERROR(x.dim(2), index, "dimension 2 is out of range");
  EXPECT_ERROR(Tensor::from(std::vector<float>{1, 2}, {3}), shape, "got 2 values for shape [3]");
  EXPECT_ERROR(Tensor::zeros({2}, {DType::f32, {Device::Kind::cuda, 0}}), device, "use --device cpu");
  EXPECT_ERROR(Tensor::zeros({2}, {DType::f64, {Device::Kind::cuda, 0}}), dtype, "f64 is for gradient checks");
  EXPECT_ERROR(Tensor::empty({std::int64_t{1} << 50}), oom, "f32[1125899906842624] needs 4503599627370496 bytes");
}

TEST_CASE("tensor: every question to an undefined tensor is an error") {
  const Tensor none;
  CHECK_FALSE(none.defined());
  EXPECT_ERROR(none.shape(), value, "an undefined tensor has no shape");
  EXPECT_ERROR(none.dtype(), value, "an undefined tensor");
  EXPECT_ERROR(none.device(), value, "an undefined tensor");
  EXPECT_ERROR(none.item(), value, "an undefined tensor");
  EXPECT_ERROR(none.data<float>(), value, "an undefined tensor");
  EXPECT_ERROR(none.to_vector<float>(), value, "an undefined tensor");
  EXPECT_ERROR(none.to(Device{}), value, "an undefined tensor");
  EXPECT_ERROR(raw::clone(none), value, "an undefined tensor");
  EXPECT_ERROR(raw::reshape(none, {1}), value, "an undefined tensor");
}

TEST_CASE("tensor: printing shows shape, range and the first elements") {
  CHECK(to_string(Tensor()) == "an undefined tensor");
  CHECK(to_string(Tensor::zeros({0, 2})) == "f32[0, 2] (empty)");
  CHECK(to_string(Tensor::from(std::vector<float>{1, 2, NAN, 6}, {2, 2})) ==
        "f32[2, 2] min 1 mean 3 max 6 non-finite 1 [1, 2, nan, 6]");
  CHECK(to_string(Tensor::from(std::vector<std::int64_t>{1, 2, 3}, {3})) == "i64[3] min 1 mean 2 max 3 [1, 2, 3]");
}

TEST_CASE("tensor: memory_stats counts live, peak and cached bytes") {
  backend_for(Device{}).allocator().trim();
  const MemoryStats before = memory_stats();
  {
    const Tensor x = Tensor::empty({1 << 20});
    CHECK(memory_stats().current == before.current + (std::size_t{4} << 20));
  }
  const MemoryStats after = memory_stats();
  CHECK(after.current == before.current);
  CHECK(after.cached >= before.cached + (std::size_t{4} << 20));
  CHECK(after.peak >= before.current + (std::size_t{4} << 20));
}

}  // namespace
}  // namespace aio
