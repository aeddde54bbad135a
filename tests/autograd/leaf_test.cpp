// What users do with leaves, right and wrong; a refused call leaves everything as it was.

#include <doctest/doctest.h>

#include <limits>

#include "graph_helpers.h"
#include "tensor/storage.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

TEST_CASE("marking and unmarking") {
  const Tensor x = constant({1, 2});
  CHECK(is_leaf(x));
  CHECK(!requires_grad(x));
  CHECK(!grad(x).defined());
  set_requires_grad(x, false);
  CHECK(x.autograd() == nullptr);
  set_requires_grad(x);
  CHECK(requires_grad(x));
  CHECK(is_leaf(x));
  CHECK(!is_leaf(scale(x, 2)));
  CHECK(is_leaf(detach(scale(x, 2))));
  CHECK(detach(x).raw_data() == x.raw_data());
}

TEST_CASE("a leaf frozen after the forward pass receives nothing") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const Tensor y = sum(mul(x, w));
  set_requires_grad(x, false);
  backward(y);
  CHECK(!grad(x).defined());
  CHECK(!grad_touched(x));
  CHECK(grad_of(w) == Values{1, 2});
}

TEST_CASE("a preset buffer is added into, and tells that it was") {
  const Tensor flat = constant({100, 200, 300, 400});
  const Tensor x = leaf({1, 2}), y = leaf({3, 4});
  set_grad(x, raw::slice(flat, 0, 0, 2));
  set_grad(y, raw::slice(flat, 0, 2, 4));
  CHECK(!grad_touched(x));
  backward(sum(mul(x, x)));
  CHECK(values_of(flat) == Values{102, 204, 300, 400});
  CHECK(grad_touched(x));
  CHECK(!grad_touched(y));
  clear_grad_touched(x);
  CHECK(!grad_touched(x));
  set_grad(x, {});
  CHECK(!grad(x).defined());
  CHECK(values_of(flat) == Values{102, 204, 300, 400});
}

TEST_CASE("a buffer declared zero is written over once, then added into") {
  const double nan = std::numeric_limits<double>::quiet_NaN();  // shows what is read
  const Tensor x = constant({1, 2, 3, 4}, {2, 2}), dy = constant({1, 2, 3, 4}, {2, 2});
  const Tensor w = leaf(constant({1, 0, 0, 1}, {2, 2})), b = leaf({0, 0}), gamma = leaf({1, 1}), beta = leaf({0, 0});
  for (const Tensor& parameter : {w, b, gamma, beta}) {
    set_grad(parameter, Tensor::full(parameter.shape(), nan, parameter.options()));
    declare_grad_zero(parameter);
    CHECK(!grad_touched(parameter));
  }
  const auto pass = [&] { backward(layer_norm(linear(x, w, b), gamma, beta, 1e-6), dy); };
  pass();
  CHECK(grad_touched(b));
  CHECK(grad_of(beta) == Values{4, 6});
  std::vector<Values> once;
  for (const Tensor& parameter : {w, b, gamma, beta}) once.push_back(grad_of(parameter));
  pass();
  for (const Tensor& parameter : {w, b, gamma, beta}) {
    Values twice = once.front();
    once.erase(once.begin());
    for (auto& value : twice) value += value;
    CHECK(grad_of(parameter) == twice);
  }
  set_grad(b, constant({1, 1}));
  declare_grad_zero(b);
  clear_grad_touched(b);  // takes it back
  backward(linear(x, w, b), dy);
  CHECK(grad_of(b) == Values{5, 7});
}

TEST_CASE("a buffer may be set before the leaf is marked") {
  const Tensor x = constant({1, 2});
  set_grad(x, constant({5, 5}));
  CHECK(!requires_grad(x));
  set_requires_grad(x);
  backward(sum(x));
  CHECK(grad_of(x) == Values{6, 6});
}

TEST_CASE("linear adds its weight gradient into the buffer itself") {
  const Tensor x = constant({1, 2, 3, 4}, {2, 2});
  const Tensor w = leaf(constant({1, 0, 0, 1}, {2, 2}));
  const Tensor buffer = constant({10, 10, 10, 10}, {2, 2});
  set_grad(w, buffer);
  backward(sum(linear(x, w)));
  CHECK(values_of(buffer) == Values{14, 16, 14, 16});
  CHECK(grad_touched(w));
}

TEST_CASE("a buffer that linear adds into is a tensor that was written to") {
  const Tensor x = constant({1, 2}, {1, 2});
  const Tensor w = leaf(constant({1, 1}, {1, 2})), factor = leaf(constant({3, 4}, {1, 2}));
  const Tensor buffer = constant({0, 0}, {1, 2});
  set_grad(w, buffer);
  const Tensor y = sum(mul(buffer, factor));
  backward(sum(linear(x, w)));
  EXPECT_ERROR(backward(y), state, "mul: a saved input f64[1, 2] was changed in place");
}

TEST_CASE("a leaf does not adopt a small part of a large gradient") {
  const Tensor x = leaf({1, 2});
  backward(sum(scale(concat({x, Tensor::zeros({1000}, {DType::f64})}, 0), 3)));
  CHECK(grad_of(x) == Values{3, 3});
  CHECK(grad(x).storage().bytes() < 1000 * sizeof(double));
}

TEST_CASE("misuse of leaves") {
  const Tensor x = leaf({1, 2});
  const Tensor y = scale(x, 2);
  const Tensor ids = Tensor::from(std::vector<std::int64_t>{1, 2, 3}, {3});
  EXPECT_ERROR(set_requires_grad(ids), dtype, "set_requires_grad: i64[3] cannot carry a gradient");
  CHECK(ids.autograd() == nullptr);
  EXPECT_ERROR(set_requires_grad(y), state,
               "set_requires_grad: f64[2] is the output of scale, expected a leaf (detach");
  EXPECT_ERROR(set_requires_grad(y, false), state, "is the output of scale");
  EXPECT_ERROR(set_requires_grad(Tensor{}), value, "set_requires_grad: the tensor is undefined");
  EXPECT_ERROR(grad(y), state, "grad: f64[2] is the output of scale");
  EXPECT_ERROR(set_grad(y, constant({1, 2})), state, "set_grad: f64[2] is the output of scale");
  EXPECT_ERROR(set_grad(x, constant({1, 2, 3})), shape, "set_grad: the gradient has shape [3], expected [2]");
  EXPECT_ERROR(set_grad(x, Tensor::zeros({2})), dtype, "set_grad: the gradient is f32, expected f64");
  EXPECT_ERROR(set_grad(x, raw::slice(constant({1, 2, 3, 4}), 0, 0, 4, 2)), shape, "expected a contiguous buffer");
  EXPECT_ERROR(set_grad(Tensor{}, constant(Values{1})), value, "set_grad: the tensor is undefined");
  CHECK(!grad(x).defined());
  backward(sum(y));
  CHECK(grad_of(x) == Values{2, 2});
}

TEST_CASE("misuse of backward") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = scale(x, 2);
  const Tensor plain = constant(Values{1});
  EXPECT_ERROR(backward(Tensor{}), value, "backward: the loss is undefined");
  EXPECT_ERROR(backward(plain), state, "backward: the loss f64[1] does not require grad (mark a leaf");
  EXPECT_ERROR(backward(y), shape, "backward: the loss f64[3] has 3 elements, expected 1 (reduce it with sum or mean");
  EXPECT_ERROR(backward(y, constant({1, 2})), shape, "backward: the gradient has shape [2], expected [3]");
  EXPECT_ERROR(backward(y, Tensor::zeros({3})), dtype, "backward: the gradient is f32, expected f64");
  CHECK(!grad(x).defined());
  backward(sum(y));  // and the graph is whole
  CHECK(grad_of(x) == Values{2, 2, 2});
  EXPECT_ERROR(backward(sum(grad(x))), state, "second derivatives are not supported");
}
