#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE(
    "cast: the gradient comes back in the input's dtype; integers carry none; the same dtype is the same tensor") {
  const Tensor x = leaf({1, 2, 3}, {3}, DType::f32);
  const Tensor y = cast(x, DType::bf16);
  backward(y, Tensor::full({3}, 0.5, {DType::bf16}));
  CHECK(grad(x).dtype() == DType::f32);
  check_equal(grad(x), Array({3}, [](const Shape&) { return 0.5; }));
  CHECK_FALSE(requires_grad(cast(x, DType::i64)));
  CHECK(cast(x, DType::f32).is_same(x));
}

}  // namespace
}  // namespace aio::test
