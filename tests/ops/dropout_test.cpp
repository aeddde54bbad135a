#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

const RngKey kKey{99, 7, 3};

Tensor ones(const Shape& shape, DType dtype = DType::f32) {
  const Tensor x = Tensor::full(shape, 1, {dtype});
  set_requires_grad(x);
  return x;
}

TEST_CASE("dropout: zeroes a share p, scales the rest, and backward has the same mask") {
  for (const double p : {0.1, 0.5, 0.9}) {
    const Tensor x = ones({100, 1001});
    const Tensor y = dropout(x, p, kKey);
    backward(sum(y));
    const std::vector<float> kept = y.to_vector<float>();
    CHECK(kept == grad(x).to_vector<float>());
    double zeros = 0;
    for (const float v : kept) {
      zeros += v == 0 ? 1 : 0;
      if (v != 0 && std::abs(v - 1 / (1 - p)) > 1e-6) FAIL("a kept element is ", v);
    }
    const double n = static_cast<double>(kept.size());
    CHECK(std::abs(zeros / n - p) < 5 * std::sqrt(p * (1 - p) / n));  // five standard deviations
  }
}

TEST_CASE("dropout: the mask belongs to key and logical position, whatever dtype, strides or size") {
  const Tensor x = ones({37, 5});
  const Array mask(dropout(x, 0.5, kKey));
  check_equal(dropout(ones({37, 5}, DType::f64), 0.5, kKey), mask);
  check_equal(dropout(ones({37, 5}, DType::bf16), 0.5, kKey), mask);
  check_equal(dropout(transpose(ones({5, 37}), 0, 1), 0.5, kKey), mask);
  check_equal(dropout(ones({20, 5}), 0.5, kKey), Array(slice(dropout(x, 0.5, kKey), 0, 0, 20)));
  CHECK(difference(dropout(x, 0.5, {kKey.seed, kKey.step, kKey.call + 1}), mask, 0) != "");
}

TEST_CASE("dropout, drop_path: p = 0 is the input itself") {
  const Tensor x = ones({3, 4});
  CHECK(dropout(x, 0, kKey).is_same(x));
  CHECK(drop_path(x, 0, kKey).is_same(x));
}

TEST_CASE("drop_path: whole samples, a share p, dropout's rule on the sample's number") {
  const Tensor x = ones({1000, 2, 3});
  const Tensor y = drop_path(x, 0.25, kKey);
  backward(sum(y));
  CHECK(y.to_vector<float>() == grad(x).to_vector<float>());
  const Array rows(dropout(ones({1000}), 0.25, kKey));
  check_equal(y, Array({1000, 2, 3}, [&](const Shape& i) { return rows.at({i[0]}); }));
}

}  // namespace
}  // namespace aio::test
