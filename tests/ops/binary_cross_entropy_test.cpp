#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE("binary_cross_entropy_with_logits: large logits of either sign, bf16 too") {
  const Tensor x = leaf({1000, -1000, 1000, -1000, 0}, {5}, DType::f32);
  const Tensor t = Tensor::from(std::vector<float>{1, 0, 0, 1, 0.5F}, {5});
  const Tensor loss = binary_cross_entropy_with_logits(x, t);
  CHECK(loss.item() == doctest::Approx((1000 + 1000 + std::log(2.0)) / 5));
  backward(loss);
  const std::vector<double> expected{0, 0, 0.2, -0.2, 0};
  check_equal(grad(x), Array({5}, [&](const Shape& i) { return expected[static_cast<std::size_t>(i[0])]; }), 1e-7);
  const Tensor half = leaf({0, 0}, {2}, DType::bf16);
  const Tensor half_loss = binary_cross_entropy_with_logits(half, Tensor::zeros({2}, {DType::bf16}));
  CHECK(half_loss.dtype() == DType::f32);
  backward(half_loss);
  check_equal(grad(half), Array({2}, [](const Shape&) { return 0.25; }));
}

}  // namespace
}  // namespace aio::test
