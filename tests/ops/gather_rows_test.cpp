#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

TEST_CASE("embedding: the padding row gets no gradient, repeated rows add up, also into a given buffer") {
  const Tensor table = leaf({1, 2, 3, 4, 5, 6}, {3, 2});
  const Tensor y = embedding(table, ids({0, 2, 0, 2, 2}), 0);
  CHECK(y.to_vector<double>() == std::vector<double>{1, 2, 5, 6, 1, 2, 5, 6, 5, 6});  // looked up all the same
  backward(sum(y));
  CHECK(grad(table).to_vector<double>() == std::vector<double>{0, 0, 0, 0, 3, 3});
  const Tensor buffer = Tensor::full({3, 2}, 10, {DType::f64});
  set_grad(table, buffer);
  backward(sum(embedding(table, ids({0, 2, 0, 2, 2}), 0)));
  CHECK(buffer.to_vector<double>() == std::vector<double>{10, 10, 10, 10, 13, 13});
}

}  // namespace
}  // namespace aio::test
