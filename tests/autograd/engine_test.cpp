// The order in which backward runs and how gradients meet. Expected values are worked out by hand.

#include "autograd/engine.h"

#include <doctest/doctest.h>

#include <thread>

#include "autograd/gradcheck.h"
#include "graph_helpers.h"
#include "tensor/storage.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

namespace {

/// y0 = 2 x, y1 = 3 x, in one node; remembers which gradients were undefined.
struct TwoOutputsNode : Node {
  explicit TwoOutputsNode(std::vector<bool>& seen) : Node("two_outputs"), seen_(seen) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    seen_ = {grads[0].defined(), grads[1].defined()};
    Tensor dx;
    for (std::size_t i = 0; i < 2; ++i) {
      if (!grads[i].defined()) continue;
      const Tensor part = scale(grads[i], i == 0 ? 2 : 3);
      dx = dx.defined() ? add(dx, part) : part;
    }
    return {dx};
  }
  std::vector<bool>& seen_;
};

std::vector<Tensor> two_outputs(const Tensor& x, std::vector<bool>& seen) {
  const NoGrad no_grad;
  std::vector<Tensor> outputs = {scale(x, 2), scale(x, 3)};
  const EnableGrad enable;
  return record_all<TwoOutputsNode>(std::move(outputs), {x}, seen);
}

/// y = x, with a backward that returns what it is told to.
struct OddNode : Node {
  explicit OddNode(std::vector<Tensor> results) : Node("odd"), results_(std::move(results)) {}
  std::vector<Tensor> backward(const std::vector<Tensor>&) override { return results_; }
  std::vector<Tensor> results_;
};

}  // namespace

TEST_CASE("a leaf used several times gets the sum") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = mul(x, x);
  backward(sum(add(y, mul(y, x))));  // x^2 + x^3
  CHECK(grad_of(x) == Values{5, 16, 33});
}

TEST_CASE("diamond: a node runs once, after all its consumers") {
  const Tensor x = leaf(Values{2});
  const Tensor a = mul(x, x);
  const Tensor b = scale(a, 3), c = mul(a, a);  // two ways from a
  const Tensor d = mul(b, c);                   // 3 x^6
  backward(d);
  CHECK(grad_of(x) == Values{18 * 32});
}

TEST_CASE("the newest consumer may be nearest to the leaf") {
  const Tensor x = leaf(Values{3});
  const Tensor a = scale(x, 2);
  const Tensor deep = scale(scale(scale(a, 1), 1), 1);
  const Tensor late = mul(a, a);
  backward(add(deep, late));
  CHECK(grad_of(x) == Values{2 + 8 * 3});
}

TEST_CASE("a tensor added to itself fans out within one node") {
  const Tensor x = leaf({1, -1});
  const Tensor y = scale(x, 1);
  backward(sum(add(y, y)));
  CHECK(grad_of(x) == Values{2, 2});
}

TEST_CASE("gradients accumulate over backward calls") {
  const Tensor x = leaf({1, 2});
  backward(sum(mul(x, x)));
  const Tensor first = grad(x);
  backward(sum(scale(x, 10)));
  CHECK(grad_of(x) == Values{12, 14});
  CHECK(grad(x).is_same(first));  // in place, as in PyTorch
}

TEST_CASE("an output that nobody used gives an undefined gradient") {
  std::vector<bool> seen;
  const Tensor x = leaf({1, 2});
  backward(sum(two_outputs(x, seen)[1]));
  CHECK(seen == std::vector<bool>{false, true});
  CHECK(grad_of(x) == Values{3, 3});
  const std::vector<Tensor> both = two_outputs(x, seen);
  backward(sum(add(both[0], both[1])));
  CHECK(seen == std::vector<bool>{true, true});
  CHECK(grad_of(x) == Values{8, 8});
}

TEST_CASE("an integer output beside a floating one has no history") {
  const Tensor x = leaf({1, 5, 2});
  const Tensor index = Tensor::from(std::vector<std::int64_t>{1}, {1});
  const std::vector<Tensor> outputs = record_all<OddNode>({constant(Values{5}), index}, {x}, std::vector<Tensor>{});
  CHECK(requires_grad(outputs[0]));
  CHECK(!requires_grad(outputs[1]));
}

TEST_CASE("a gradient that a node passes through is never written to by the sum of another path") {
  // add returns the same tensor for both inputs: the leaf may adopt one of them, not both.
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  backward(sum(add(a, b)));
  backward(sum(add(a, b)));
  CHECK(grad_of(a) == Values{2, 2});
  CHECK(grad_of(b) == Values{2, 2});

  // x's sum has three parts, the first of them handed through unchanged from the caller.
  const Tensor x = leaf({1, 2});
  const Tensor given = constant({10, 20});
  const Tensor y = add_scalar(x, 0);
  backward(add(add(y, y), y), given);
  CHECK(grad_of(x) == Values{30, 60});
  CHECK(values_of(given) == Values{10, 20});
}

TEST_CASE("a strided gradient reaches the leaf packed") {
  const Tensor x = leaf(constant({1, 2, 3, 4, 5, 6}, {2, 3}));
  backward(transpose(x, 0, 1), constant({1, 2, 3, 4, 5, 6}, {3, 2}));
  CHECK(grad(x).is_contiguous());
  CHECK(grad_of(x) == Values{1, 3, 5, 2, 4, 6});
}

TEST_CASE("backward from a leaf adds the gradient itself") {
  const Tensor x = leaf(Values{7});
  backward(x);
  backward(x, constant(Values{2}));
  CHECK(grad_of(x) == Values{3});
}

TEST_CASE("an empty tensor carries an empty gradient") {
  const Tensor x = leaf(Tensor::zeros({0, 3}, {DType::f64}));
  backward(sum(mul(x, x)));
  CHECK(grad(x).shape() == Shape{0, 3});
}

TEST_CASE("nothing is recorded under NoGrad, and recording comes back") {
  const Tensor x = leaf(Values{1});
  {
    const NoGrad no_grad;
    CHECK(!grad_enabled());
    CHECK(!requires_grad(scale(x, 2)));
    {
      const EnableGrad enable;
      CHECK(requires_grad(scale(x, 2)));
    }
    CHECK(!grad_enabled());
  }
  CHECK(requires_grad(scale(x, 2)));
  CHECK(!requires_grad(scale(detach(x), 2)));
}

TEST_CASE("random graphs have the gradients that differences say") {
  // 14 ops on randomly chosen earlier tensors: fan-out, diamonds, dead ends and broadcasts as they come.
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const auto graph = [seed](const std::vector<Tensor>& in) {
      std::vector<Tensor> made = in;
      for (std::uint64_t i = 0; i < 14; ++i) {
        const Philox4 bits = random_bits(RngKey{seed}, i);
        const Tensor a = made[bits.v[0] % made.size()], b = made[bits.v[1] % made.size()];
        switch (bits.v[2] % 5) {
          case 0: made.push_back(add(a, b)); break;
          case 1: made.push_back(tanh(mul(a, b))); break;
          case 2: made.push_back(tanh(sub(a, scale(b, 0.5)))); break;
          case 3: made.push_back(softmax(a)); break;
          default: made.push_back(sum(mul(a, b), {-1}, true)); break;
        }
      }
      return add(made.back(), tanh(add(add(in[0], in[1]), made[made.size() - 2])));
    };
    const GradcheckResult result = gradcheck(graph, {leaf(normal({3, 4}, 0, 1, RngKey{seed, 1}, {DType::f64})),
                                                     leaf(normal({4}, 0, 1, RngKey{seed, 2}, {DType::f64}))});
    INFO("seed ", seed, ": ", result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("a backward that returns nonsense is named") {
  const Tensor x = leaf({1, 2});
  const Tensor y = scale(x, 1);
  const auto run = [&](std::vector<Tensor> results) {
    const Tensor odd = sum(record<OddNode>(constant({1, 2}), {y}, std::move(results)));
    backward(add(odd, sum(y)));  // y has a gradient from the right when the left one fails
  };
  EXPECT_ERROR(run({}), state, "odd: backward returned 0 gradients for 1 inputs");
  EXPECT_ERROR(run({constant({1, 2, 3})}), state, "odd: gradient is f64[3], expected f64[2] on cpu as scale made it");
  EXPECT_ERROR(run({Tensor::zeros({2})}), state, "odd: gradient is f32[2], expected f64[2]");
  CHECK(!grad(x).defined());
  backward(sum(y));  // an engine that stopped leaves no marks on the nodes
  CHECK(grad_of(x) == Values{1, 1});
}

TEST_CASE("threads may record and differentiate graphs of their own at the same time") {
  std::vector<Values> results(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < results.size(); ++t) {
    threads.emplace_back([&results, t] {
      const Tensor x = leaf({1, 2, 3});
      for (int i = 0; i < 50; ++i) backward(sum(mul(tanh(x), scale(x, static_cast<double>(t)))));
      results[t] = grad_of(x);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < 3; ++i) CHECK(results[3][i] == doctest::Approx(3 * results[1][i]));
  CHECK(results[0] == Values{0, 0, 0});
}

TEST_CASE("record refuses an output that has a history already") {
  const Tensor x = leaf({1, 2});
  EXPECT_ERROR(record<OddNode>(x, {x}, std::vector<Tensor>{}), state, "odd: the output of record() has a history");
}
