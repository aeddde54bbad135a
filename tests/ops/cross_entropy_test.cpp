#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE("cross_entropy: equal logits give log C, ignored rows get exactly 0") {
  const Tensor x = leaf({0, 0, 0, 5, 1, 2, 0, 0, 0}, {3, 3});
  const Tensor loss = cross_entropy(x, ids({2, -100, 0}));
  CHECK(loss.item() == doctest::Approx(std::log(3.0)).epsilon(1e-15));
  backward(loss);
  const double third = 1.0 / 6;  // softmax / 2 rows
  check_equal(grad(x),
              Array({3, 3},
                    [&](const Shape& i) {
                      if (i[0] == 1) return 0.0;
                      return third - (i[1] == (i[0] == 0 ? 2 : 0) ? 0.5 : 0);
                    }),
              1e-15);
}

TEST_CASE("cross_entropy: NaN when every target is ignored, as in PyTorch") {
  const Tensor x = leaf({1, 2, 3, 4}, {2, 2});
  CHECK(std::isnan(cross_entropy(x, ids({-100, -100})).item()));
  CHECK(std::isnan(cross_entropy(Tensor::zeros({0, 3}), ids({})).item()));
}

TEST_CASE("cross_entropy: huge logits, and the loss of bf16 logits is f32") {
  const Tensor x = leaf({3e38, -3e38, 300, -300}, {2, 2}, DType::f32);
  const Tensor loss = cross_entropy(x, ids({0, 1}));
  CHECK(loss.item() == doctest::Approx(300));  // (0 + 600) / 2
  backward(loss);
  check_equal(grad(x), Array({2, 2}, [](const Shape& i) { return i[0] == 0 ? 0.0 : i[1] == 0 ? 0.5 : -0.5; }), 1e-6);
  const Tensor half = leaf({1, 2}, {1, 2}, DType::bf16);
  const Tensor half_loss = cross_entropy(half, ids({0}));
  CHECK(half_loss.dtype() == DType::f32);
  CHECK(half_loss.item() == doctest::Approx(std::log1p(std::exp(1.0))).epsilon(1e-6));
  backward(half_loss);
  CHECK(grad(half).dtype() == DType::bf16);
}

}  // namespace
}  // namespace aio::test
