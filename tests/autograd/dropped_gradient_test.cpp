// A layer norm leaves the gradient of its input, dropped, for the op that made that input; the op takes it only if that
// is the whole gradient. Bit by bit what the op makes itself.

#include <doctest/doctest.h>

#include <functional>

#include "autograd/ops.h"
#include "graph_helpers.h"

using namespace aio;
using namespace aio::test;

namespace {

struct Leaves {
  Tensor x = random(1), weight = random(2), bias = leaf({0.5, -1, 2, 0.25}), residual = random(3),
         gamma = leaf({1, 2, 3, 4}), beta = leaf({0, 1, 0, 1});
  static Tensor random(std::uint32_t call) { return leaf(normal({4, 4}, 0, 1, RngKey{call}, {DType::f64, {}})); }
  std::vector<Values> gradients() const {
    std::vector<Values> all;
    for (const Tensor& one : {x, weight, bias, residual, gamma, beta}) all.push_back(grad_of(one));
    return all;
  }
};

const DropoutMask kMask{0.4, {7, 8, 9}};

/// Gradients of `loss`(y, ...), y = residual + dropout(linear(x)), seen as it is or through two reshapes, which keep a
/// norm from knowing who made it.
std::vector<Values> gradients(bool direct, const std::function<Tensor(const Tensor& y, const Leaves& leaves)>& loss) {
  const Leaves l;
  const Tensor y = linear_residual(l.x, l.weight, l.bias, l.residual, kMask);
  backward(loss(direct ? y : reshape(reshape(y, {16}), {4, 4}), l));
  return l.gradients();
}

Tensor norm(const Tensor& y, const Leaves& l) { return layer_norm(y, l.gamma, l.beta, 1e-6); }
Tensor weighted(const Tensor& y) { return sum(mul(y, normal(y.shape(), 0, 1, RngKey{9}, {DType::f64, {}}))); }

TEST_CASE("the norm's gradient is the whole gradient, or is with a residual's") {
  const auto alone = [](const Tensor& y, const Leaves& l) { return weighted(norm(y, l)); };
  CHECK(gradients(true, alone) == gradients(false, alone));
  const auto branch = [](const Tensor& y, const Leaves& l) {
    const Tensor n = norm(y, l);
    return weighted(add(y, mul(n, n)));
  };
  CHECK(gradients(true, branch) == gradients(false, branch));
}

TEST_CASE("what is left is not taken when more gradient arrives after it") {
  const auto before = [](const Tensor& y, const Leaves& l) {
    const Tensor older = mul(y, y);  // made before the norm, so its gradient comes later
    return weighted(add(older, norm(y, l)));
  };
  CHECK(gradients(true, before) == gradients(false, before));
}

TEST_CASE("two norms of one tensor: neither is the whole") {
  const auto two = [](const Tensor& y, const Leaves& l) { return weighted(add(norm(y, l), norm(mul(y, y), l))); };
  CHECK(gradients(true, two) == gradients(false, two));
  const auto same = [](const Tensor& y, const Leaves& l) { return weighted(mul(norm(y, l), norm(y, l))); };
  CHECK(gradients(true, same) == gradients(false, same));
}

}  // namespace
