#include <doctest/doctest.h>

#include <limits>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE("where, masked_fill: a value that was not chosen gets gradient 0 even if it is NaN or infinite") {
  const Tensor x = leaf({std::nan(""), 1, std::numeric_limits<double>::infinity()}, {3});
  const Tensor mask = Tensor::from(std::vector<std::uint8_t>{1, 0, 1}, {3});
  const Tensor y = masked_fill(x, mask, 0);
  backward(sum(mul(y, y)));
  check_equal(grad(x), Array({3}, [](const Shape& i) { return i[0] == 1 ? 2.0 : 0.0; }));
  const Tensor a = leaf({1, 1, 1}, {3}), bad = Tensor::full({3}, std::numeric_limits<double>::infinity(), {DType::f64});
  backward(where(mask, scale(a, 2), a), bad);
  CHECK(sum(grad(a)).item() == std::numeric_limits<double>::infinity());  // inf * 2 and inf, never inf - inf
}

}  // namespace
}  // namespace aio::test
