// What a node saved must be what its backward reads.

#include <doctest/doctest.h>

#include "graph_helpers.h"
#include "tensor/storage.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

TEST_CASE("an overwritten input is found before any gradient is written") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4}), v = leaf({5, 6});
  const Tensor y = sum(mul(scale(mul(x, w), 1), v));  // the inner product's saved tensors are met last
  raw::fill_(w, 0);
  EXPECT_ERROR(backward(y), state, "mul: a saved input f64[2] was changed in place (version 1, saved at 0)");
  CHECK(!grad(x).defined());
  CHECK(!grad(w).defined());
  CHECK(!grad(v).defined());
}

TEST_CASE("an overwritten output is found") {
  const Tensor x = leaf({1, 2});
  const Tensor y = exp(x);
  raw::fill_(y, 1);
  EXPECT_ERROR(backward(sum(y)), state, "exp: a saved output f64[2] was changed in place");
}

TEST_CASE("a write through a view of the saved tensor is found") {
  const Tensor x = leaf({1, 2});
  const Tensor a = mul(x, constant({1, 1}));
  const Tensor b = mul(a, a);
  const Tensor view = reshape(a, {2, 1});
  {
    const NoGrad no_grad;
    raw::fill_(raw::slice(view, 0, 0, 1), 9);
  }
  EXPECT_ERROR(backward(sum(b)), state, "mul: a saved input");
}

TEST_CASE("writing to what nobody saved is fine") {
  const Tensor x = leaf({1, 2});
  const Tensor y = add(x, x);  // saves nothing
  raw::fill_(x, 7);
  backward(sum(y));
  CHECK(grad_of(x) == Values{2, 2});
}

TEST_CASE("what no wanted gradient needs is not saved") {
  const Tensor constants = constant({5, 6, 7, 8}, {2, 2});
  for (const auto op : {mul, div, matmul}) {
    const Tensor x = leaf(constant({1, 2, 3, 4}, {2, 2}));
    const Tensor y = op(x, constants);  // the gradient of x needs the constants only
    raw::fill_(x, 0);
    raw::fill_(y, 0);
    backward(sum(y));
    CHECK(grad(x).defined());
  }
  const Tensor w = leaf(constant({1, 2, 3, 4}, {2, 2}));
  const Tensor y = linear(constants, w);
  raw::fill_(w, 0);
  backward(sum(y));
  CHECK(grad_of(w) == Values{12, 14, 12, 14});
}

TEST_CASE("a view has a history of its own") {
  const Tensor x = leaf({1, 2});
  const Tensor y = scale(x, 3);
  const Tensor view = reshape(y, {2, 1});
  CHECK(view.raw_data() == y.raw_data());
  backward(sum(mul(view, view)));
  CHECK(grad_of(x) == Values{18, 36});
}

TEST_CASE("a saved output does not keep its own node alive") {
  std::weak_ptr<AutogradMetaBase> node;
  std::weak_ptr<Storage> memory;
  {
    const Tensor x = leaf({1, 2});
    const Tensor y = exp(x);  // saves y: y -> node -> y would be a cycle
    node = y.autograd();
    memory = y.storage_ptr();
  }
  CHECK(node.expired());
  CHECK(memory.expired());
}
