// How long graphs and what they saved live: deep ones, dropped ones, freed ones.

#include <doctest/doctest.h>

#include "graph_helpers.h"
#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

namespace {

constexpr int kDeep = 1'000'000;

/// y = x and dx = dy without a kernel, so that a million of them are a test of the graph.
struct PassNode : Node {
  PassNode() : Node("pass") {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {grads[0]}; }
};
Tensor pass(const Tensor& x) { return record<PassNode>(raw::alias(x), {x}); }

struct JoinNode : Node {
  JoinNode() : Node("join") {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {grads[0], grads[0]}; }
};

std::size_t live_bytes() { return memory_stats().current; }

/// [64, 4096] doubles: 2 MiB each, so that the allocator's rounding does not blur the counts.
Tensor block(const Tensor& x) { return mul(tanh(x), sigmoid(x)); }  // saves four tensors, two of them shared handles

}  // namespace

TEST_CASE("a million nodes: backward, then destruction") {
  const Tensor x = leaf(Values{3});
  Tensor y = x;
  for (int i = 0; i < kDeep; ++i) y = pass(y);
  backward(y);
  CHECK(grad_of(x) == Values{1});
  y = {};
}

TEST_CASE("a million nodes that never ran backward are destroyed without recursion") {
  const Tensor x = leaf(Values{3});
  Tensor y = x;
  for (int i = 0; i < kDeep; ++i) y = pass(y);
  y = {};
  CHECK(!grad(x).defined());
}

TEST_CASE("nodes that saved each other's outputs are destroyed without recursion") {
  const Tensor x = leaf(Values{3}), w = leaf(Values{1});
  Tensor y = x;
  for (int i = 0; i < kDeep / 4; ++i) y = mul(y, w);  // saves y, which has a history
  y = {};
  CHECK(!grad(x).defined());
}

TEST_CASE("a ladder of shared nodes is destroyed without recursion") {
  // Each node has two edges to the one below: what is last to let go differs from step to step.
  Tensor y = leaf(Values{3});
  for (int i = 0; i < kDeep / 4; ++i) y = record<JoinNode>(raw::alias(y), {y, pass(y)});
  y = {};
}

TEST_CASE("a deep graph with a branch held by the user survives its trunk") {
  const Tensor x = leaf(Values{3});
  Tensor y = x;
  for (int i = 0; i < 1000; ++i) y = pass(y);
  const Tensor middle = y;
  for (int i = 0; i < 1000; ++i) y = pass(y);
  y = {};
  backward(middle);
  CHECK(grad_of(x) == Values{1});
}

TEST_CASE("backward frees what it has used, and leaves nearly nothing") {
  const Tensor x = leaf(Tensor::full({64, 4096}, 0.5, {DType::f64}));
  const std::size_t one = 64 * 4096 * sizeof(double);
  const std::size_t before = live_bytes();
  Tensor y = x;
  for (int i = 0; i < 48; ++i) y = block(y);
  const Tensor loss = sum(y);
  y = {};
  const std::size_t saved = live_bytes() - before;
  CHECK(saved >= 2 * 48 * one);
  CHECK(saved <= 3 * 48 * one + one);
  backend_for(Device{}).allocator().reset_peak();
  backward(loss);
  const std::size_t peak = memory_stats().peak - before;
  CHECK(peak <= saved + 6 * one);           // the gradients of one block
  CHECK(live_bytes() - before <= 2 * one);  // x's gradient, while the loss is alive
  CHECK(loss.item() > 0);
}

TEST_CASE("a second backward through a graph is refused") {
  const Tensor x = leaf({1, 2});
  const Tensor y = sum(mul(x, x));
  backward(y);
  EXPECT_ERROR(backward(y), state, "backward: the graph was freed at sum by an earlier backward through it (run the");
  CHECK(grad_of(x) == Values{2, 4});
}

TEST_CASE("a freed part under a fresh head is found before any gradient is written") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const Tensor trunk = mul(x, x);
  const Tensor first = sum(trunk), second = sum(mul(trunk, w));
  backward(first);
  EXPECT_ERROR(backward(second), state, "the graph was freed at mul");
  CHECK(!grad(w).defined());
  CHECK(grad_of(x) == Values{2, 4});
}
