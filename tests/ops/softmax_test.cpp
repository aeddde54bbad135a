#include <doctest/doctest.h>

#include <limits>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE("softmax: large logits, masked ones, and a row without any") {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor y = softmax(leaf({300, -300, 0, 1, -inf, 1, -inf, -inf, -inf}, {3, 3}));
  const std::vector<double> expected{1, 0, 0, 0.5, 0, 0.5, std::nan(""), std::nan(""), std::nan("")};
  check_equal(y, Array({3, 3}, [&](const Shape& i) { return expected[static_cast<std::size_t>(3 * i[0] + i[1])]; }),
              1e-15);
}

}  // namespace
}  // namespace aio::test
