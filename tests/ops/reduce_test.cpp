#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE("sum, mean: bf16 is summed in f32 and rounded once") {
  const Tensor x = Tensor::full({3, 4096, 2}, 1, {DType::bf16});  // bf16 cannot count beyond 256
  check_equal(sum(x, {1}), Array({3, 2}, [](const Shape&) { return 4096.0; }));
  check_equal(sum(x, {0, 2}), Array({4096}, [](const Shape&) { return 6.0; }));
  CHECK(sum(x).item() == 24576);
  CHECK(mean(x).item() == 1);
}

}  // namespace
}  // namespace aio::test
