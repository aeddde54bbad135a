// attention against PyTorch (golden/attention.json), its packed form against itself, what it promises about memory,
// queries without keys and bf16, and its error messages. Gradients: autograd/op_cases/attention_cases.cpp.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tensor/random.h"
#include "tensor/raw.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using nlohmann::json;

Shape shape_of(const json& j) {
  const auto dims = j["shape"].get<std::vector<std::int64_t>>();
  return Shape{std::span<const std::int64_t>(dims)};
}

Tensor tensor_of(const json& j, DType dtype) {
  return raw::cast(Tensor::from(j["data"].get<std::vector<double>>(), shape_of(j)), dtype);
}

std::vector<double> values_of(const Tensor& x) { return raw::cast(x, DType::f64).to_vector<double>(); }

double largest_difference(const Tensor& x, const std::vector<double>& want) {
  const std::vector<double> got = values_of(x);
  REQUIRE(got.size() == want.size());
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    // not std::max: it drops NaN
    if (!(std::abs(got[i] - want[i]) <= worst)) worst = std::abs(got[i] - want[i]);
  }
  return worst;
}

Tensor random_leaf(const Shape& shape, std::uint32_t call, DType dtype = DType::f32) {
  const Tensor x = normal(shape, 0, 1, RngKey{3, 0, call}, {dtype});
  set_requires_grad(x);
  return x;
}

Tensor lengths_tensor(const std::vector<std::int64_t>& lengths) {
  return Tensor::from(lengths, {static_cast<std::int64_t>(lengths.size())});
}

AttentionOptions options_of(const json& j) {
  AttentionOptions options;
  if (j.contains("lengths")) options.key_lengths = lengths_tensor(j["lengths"].get<std::vector<std::int64_t>>());
  if (j.contains("allowed")) {
    options.allowed = Tensor::from(j["allowed"]["data"].get<std::vector<std::uint8_t>>(), shape_of(j["allowed"]));
  }
  options.causal = j.value("causal", false);
  options.scale = j.value("scale", 0.0);
  return options;
}

void compare_with_torch(DType dtype, double tolerance) {
  const json file = json::parse(std::ifstream(AIO_TEST_DATA "/golden/attention.json"));
  double worst = 0;
  for (const auto& item : file["cases"].items()) {  // no structured binding: clang 14 cannot capture one
    const json& j = item.value();
    INFO(item.key());
    const Tensor q = tensor_of(j["q"], dtype), k = tensor_of(j["k"], dtype), v = tensor_of(j["v"], dtype);
    for (const Tensor& x : {q, k, v}) set_requires_grad(x);
    const Tensor y = attention(q, k, v, options_of(j));
    backward(y, tensor_of(j["dy"], dtype));
    const auto check_one = [&](const Tensor& got, const char* key) {
      const double difference = largest_difference(got, j[key]["data"].get<std::vector<double>>());
      CHECK(difference <= tolerance);
      worst = std::max(worst, difference);
    };
    check_one(y, "y");
    check_one(grad(q), "dq");
    check_one(grad(k), "dk");
    check_one(grad(v), "dv");
  }
  MESSAGE("largest difference to PyTorch in ", std::string(to_string(dtype)), ": ", worst);
}

TEST_CASE("attention: equals PyTorch's, with its gradients") {
  compare_with_torch(DType::f64, 2e-9);  // the file has ten digits
  compare_with_torch(DType::f32, 3e-6);
}

TEST_CASE("attention: the packed form equals the separate one bit by bit") {
  const std::int64_t B = 2, N = 37, H = 3, D = 16;
  const Tensor qkv = random_leaf({B, N, 3 * H * D}, 1);
  const Tensor dy = normal({B, N, H * D}, 0, 1, RngKey{4});
  const AttentionOptions options{lengths_tensor({37, 11}), false, {}, 0};
  const Tensor y = attention_packed(qkv, 3, options);
  backward(y, dy);
  const Tensor packed_gradient = grad(qkv);
  CHECK(packed_gradient.is_contiguous());

  set_grad(qkv, {});
  const Tensor parts = reshape(qkv, {B, N, 3, H, D});
  const Tensor z = attention(select(parts, 2, 0), select(parts, 2, 1), select(parts, 2, 2), options);
  backward(reshape(z, {B, N, H * D}), dy);
  CHECK(y.to_vector<float>() == z.to_vector<float>());
  CHECK(packed_gradient.to_vector<float>() == grad(qkv).to_vector<float>());
}

TEST_CASE("attention: a padded batch equals its items alone, bit by bit") {
  const Tensor qkv = normal({2, 20, 3 * 2 * 16}, 0, 1, RngKey{5});
  const Tensor both = attention_packed(qkv, 2, {lengths_tensor({20, 13}), false, {}, 0});
  const Tensor alone = attention_packed(raw::slice(raw::slice(qkv, 0, 1, 2), 1, 0, 13), 2);
  CHECK(raw::slice(raw::slice(both, 0, 1, 2), 1, 0, 13).to_vector<float>() == alone.to_vector<float>());
}

TEST_CASE("attention: a query without keys gives zeros and no gradient, whatever the masked keys hold") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor q = random_leaf({1, 3, 1, 4}, 1), k = random_leaf({1, 2, 1, 4}, 2);
  const Tensor v = Tensor::full({1, 2, 1, 4}, 1);
  set_requires_grad(v);
  SUBCASE("no valid length") {
    raw::fill_(raw::alias(k), nan);
    const Tensor y = attention(q, k, v, {lengths_tensor({0}), false, {}, 0});
    CHECK(y.to_vector<float>() == std::vector<float>(12, 0));
    backward(y, Tensor::full({1, 3, 1, 4}, 1));
    CHECK(grad(q).to_vector<float>() == std::vector<float>(12, 0));
    CHECK(grad(k).to_vector<float>() == std::vector<float>(8, 0));
    CHECK(grad(v).to_vector<float>() == std::vector<float>(8, 0));
  }
  SUBCASE("query 1 masked out: v's gradient counts two queries") {
    const Tensor allowed = Tensor::from(std::vector<std::uint8_t>{1, 1, 0, 0, 1, 1}, {3, 2});
    const Tensor y = attention(q, k, v, {{}, false, allowed, 0});
    const std::vector<float> got = y.to_vector<float>();
    for (std::size_t i = 0; i < 12; ++i) CHECK(got[i] == doctest::Approx(i / 4 == 1 ? 0 : 1));
    backward(y, Tensor::full({1, 3, 1, 4}, 1));
    double total = 0;
    for (const float x : grad(v).to_vector<float>()) total += static_cast<double>(x);
    CHECK(total == doctest::Approx(2 * 4));
    for (std::size_t i = 4; i < 8; ++i) CHECK(grad(q).to_vector<float>()[i] == 0);
  }
  SUBCASE("query 1 masked out: NaN in v does not reach it") {
    const Tensor allowed = Tensor::from(std::vector<std::uint8_t>{1, 1, 0, 0, 1, 1}, {3, 2});
    const NoGrad no_grad;
    const std::vector<float> y =
        attention(q, k, Tensor::full({1, 2, 1, 4}, nan), {{}, false, allowed, 0}).to_vector<float>();
    for (std::size_t i = 0; i < 12; ++i) CHECK(std::isnan(y[i]) == (i / 4 != 1));
    for (std::size_t i = 4; i < 8; ++i) CHECK(y[i] == 0);
  }
}

TEST_CASE("attention: NaN and infinite logits are not hidden") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {nan, inf}) {
    const Tensor q = Tensor::from(std::vector<float>{1, bad}, {1, 2, 1, 1});
    const Tensor k = Tensor::full({1, 3, 1, 1}, 1), v = Tensor::full({1, 3, 1, 1}, 2);
    const std::vector<float> y = attention(q, k, v).to_vector<float>();
    CHECK(y[0] == doctest::Approx(2));
    CHECK(std::isnan(y[1]));
  }
}

TEST_CASE("attention: logits of some hundreds stay finite") {
  const Tensor q = random_leaf({1, 5, 1, 8}, 1), k = random_leaf({1, 9, 1, 8}, 2), v = random_leaf({1, 9, 1, 8}, 3);
  const Tensor y = attention(q, k, v, {{}, false, {}, 300});
  backward(y, Tensor::full({1, 5, 1, 8}, 1));
  for (const Tensor& x : {y, grad(q), grad(k), grad(v)}) {
    for (const double value : values_of(x)) CHECK(std::isfinite(value));
  }
}

TEST_CASE("attention: bf16 stores rounded values of the f32 result") {
  const std::int64_t N = 29;
  const Tensor qkv = normal({2, N, 3 * 2 * 16}, 0, 1, RngKey{6}, {DType::bf16});
  const Tensor y = attention_packed(qkv, 2);
  CHECK(y.dtype() == DType::bf16);
  const Tensor wide = attention_packed(raw::cast(qkv, DType::f32), 2);
  CHECK(values_of(y) == values_of(raw::cast(wide, DType::bf16)));
}

TEST_CASE("attention: forward allocates out and lse, not the scores") {
  const std::int64_t B = 2, N = 512, H = 2, D = 16;
  const NoGrad no_grad;
  const Tensor qkv = normal({B, N, 3 * H * D}, 0, 1, RngKey{7});
  attention_packed(qkv, 2);  // the threads' scratch is there from now on
  backend_for(qkv).allocator().reset_peak();
  const std::size_t before = memory_stats().current;
  const Tensor y = attention_packed(qkv, 2);
  const auto expected = static_cast<std::size_t>(B * N * H * (D + 1)) * sizeof(float);
  CHECK(memory_stats().peak - before <= expected + expected / 8 + 1024);  // the allocator rounds up
}

TEST_CASE("attention: inputs that want no gradient get none") {
  const Tensor q = random_leaf({1, 3, 1, 4}, 1);
  const Tensor k = normal({1, 3, 1, 4}, 0, 1, RngKey{8}), v = normal({1, 3, 1, 4}, 0, 1, RngKey{9});
  backward(sum(attention(q, k, v)));
  CHECK(grad(q).defined());
  CHECK_FALSE(requires_grad(attention(k, k, v)));
}

TEST_CASE("attention: errors name what came and what was expected") {
  const auto f32 = [](const Shape& shape) { return Tensor::zeros(shape); };
  const Tensor q = f32({2, 3, 4, 8}), k = f32({2, 5, 4, 8});
  EXPECT_ERROR(attention(f32({3, 4, 8}), k, k), shape, "attention: q has shape [3, 4, 8], expected [B, Nq, H, D]");
  EXPECT_ERROR(attention(q, f32({2, 5, 3, 8}), k), shape,
               "attention: k has shape [2, 5, 3, 8], expected [2, Nk, 4, 8] to match q [2, 3, 4, 8]");
  EXPECT_ERROR(attention(q, k, f32({2, 6, 4, 8})), shape,
               "attention: v has shape [2, 6, 4, 8], expected that of k, [2, 5, 4, 8]");
  EXPECT_ERROR(attention(q, raw::cast(k, DType::f64), k), dtype,
               "attention: q is f32[2, 3, 4, 8], k is f64[2, 5, 4, 8]; cast one of them");
  const Tensor ids = Tensor::zeros({2, 3, 4, 8}, {DType::i64});
  EXPECT_ERROR(attention(ids, ids, ids), dtype, "attention: q is i64[2, 3, 4, 8], expected a floating dtype");

  const auto with_lengths = [](const Tensor& lengths) { return AttentionOptions{lengths, false, {}, 0}; };
  EXPECT_ERROR(attention(q, k, k, with_lengths(lengths_tensor({1, 6}))), index,
               "attention: key_length 6 at position 1 is outside 0..5");
  EXPECT_ERROR(attention(q, k, k, with_lengths(lengths_tensor({-1, 5}))), index,
               "attention: key_length -1 at position 0 is outside 0..5");
  EXPECT_ERROR(attention(q, k, k, with_lengths(lengths_tensor({1, 2, 3}))), shape,
               "attention: key_lengths have shape [3], expected [2], one per batch item");
  EXPECT_ERROR(attention(q, k, k, with_lengths(f32({2}))), dtype, "attention: key_lengths are f32, expected i64");

  const auto with_mask = [](const Tensor& mask) { return AttentionOptions{{}, false, mask, 0}; };
  EXPECT_ERROR(
      attention(q, k, k, with_mask(Tensor::zeros({3, 4}, {DType::u8}))), shape,
      "attention: the mask `allowed` has shape [3, 4], expected one that broadcasts to [B, H, Nq, Nk] = [2, 4, "
      "3, 5]");
  EXPECT_ERROR(attention(q, k, k, with_mask(f32({3, 5}))), dtype,
               "attention: the mask `allowed` is f32, expected u8 (nonzero = may attend)");

  EXPECT_ERROR(attention_packed(f32({2, 3}), 1), shape,
               "attention_packed: qkv has shape [2, 3], expected [B, N, 3 * heads * D]");
  EXPECT_ERROR(
      attention_packed(f32({2, 3, 10}), 2), shape,
      "attention_packed: qkv has shape [2, 3, 10], expected its last dimension to be a multiple of 3 * heads = "
      "6");
  EXPECT_ERROR(attention_packed(f32({2, 3, 12}), 0), value, "attention_packed: heads is 0, expected at least 1");
  EXPECT_ERROR(attention_packed(ids, 1), dtype, "attention_packed: qkv is i64[2, 3, 4, 8], expected a floating dtype");
}

}  // namespace
}  // namespace aio
