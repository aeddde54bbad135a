// Parameters and gradients as views of two flat buffers.

#include "nn/optim/flat_params.h"

#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "nn/linear.h"
#include "nn/optim/adamw.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/storage.h"

using namespace aio;
using namespace aio::nn;

namespace {
std::vector<float> values(const Tensor& x) { return x.to_vector<float>(); }
}  // namespace

TEST_CASE("flat_params: handles follow, values stay, gradients land in the flat buffer") {
  ParamStore store(3);
  const Linear layer(ParamScope(store) / "layer", 7, 5);
  const auto weight = values(layer.weight), bias = values(layer.bias);
  FlatParams params(store);
  CHECK(values(layer.weight) == weight);
  CHECK(values(layer.bias) == bias);
  CHECK(layer.weight.storage_ptr() == params.values().storage_ptr());
  CHECK(is_leaf(layer.weight));
  CHECK(requires_grad(layer.weight));
  CHECK(params.slots()[1].begin == 48);  // 35 rounded up to 16
  CHECK(params.values().numel() == 64);

  params.zero_grad();
  CHECK_FALSE(grad_touched(layer.weight));
  ForwardCtx ctx = ForwardCtx::eval();
  backward(sum(layer.forward(Tensor::full({3, 7}, 1), ctx)));
  CHECK(grad_touched(layer.weight));
  CHECK(grad(layer.weight).storage_ptr() == params.grads().storage_ptr());
  for (const float g : values(FlatParams::view_of(params.grads(), params.slots()[0]))) CHECK(g == 3);
  for (const float g : values(FlatParams::view_of(params.grads(), params.slots()[1]))) CHECK(g == 3);
  const GradStats stats = params.grad_stats();
  CHECK(stats.sum_of_squares == doctest::Approx(9 * 40));

  raw::fill_(params.values(), 2);
  for (const float w : values(layer.weight)) CHECK(w == 2);
  const std::vector<bool> both = params.touched();
  CHECK(both == std::vector<bool>{true, true});
  params.zero_grad();
  CHECK(params.grad_stats().sum_of_squares == 0);
  CHECK(params.touched() == std::vector<bool>{false, false});
  params.set_touched({true, false});
  CHECK(grad_touched(layer.weight));
  CHECK_FALSE(grad_touched(layer.bias));
}

TEST_CASE("flat_params: the weight gradient of a bf16 product arrives unrounded") {
  ParamStore store(3);
  const Linear layer(ParamScope(store) / "layer", 3, 2);
  FlatParams params(store);
  params.zero_grad();
  // 1/3 has an endless fraction in bf16 too: the sum of 5 squares does not fit its 8 bits, but f32's 24.
  const Tensor x = cast(Tensor::full({5, 3}, 1.0 / 3), DType::bf16),
               dy = cast(Tensor::full({5, 2}, 1.0 / 3), DType::bf16);
  const float third = 171.0F / 512;  // 1/3 in bf16
  REQUIRE(cast(x, DType::f32).to_vector<float>()[0] == third);
  ForwardCtx ctx = ForwardCtx::eval(DType::bf16);
  for (int micro_batch = 1; micro_batch <= 2; ++micro_batch) {
    backward(layer.forward(x, ctx), dy);
    for (const float g : values(grad(layer.weight))) {
      CHECK(g == static_cast<float>(5 * micro_batch) * third * third);
    }
  }
  CHECK(grad_touched(layer.weight));
}

TEST_CASE("flat_params: frozen parameters stay outside") {
  ParamStore store(3);
  const Linear a(ParamScope(store) / "a", 3, 2), b(ParamScope(store) / "b", 3, 2);
  CHECK(store.set_trainable("a.", false) == 2);
  FlatParams params(store);
  CHECK(params.slots().size() == 2);
  CHECK(params.slots()[0].name == "b.weight");
  CHECK(a.weight.storage_ptr() != params.values().storage_ptr());
  CHECK_FALSE(requires_grad(a.weight));
  store.set_trainable("", false);
  CHECK_THROWS_WITH_AS(FlatParams{store}, doctest::Contains("no parameter is trainable"), Error);
}

TEST_CASE("flat_params: neighbours of one group become one segment") {
  ParamStore store;
  for (const char* name : {"a", "b", "c", "d"}) store.add(name, {17}, Init::zeros());
  const FlatParams params(store);
  std::vector<ParamSegment> segments;
  const auto& slots = params.slots();
  append_segment(segments, slots[0], 1, 0.1);
  append_segment(segments, slots[1], 1, 0.1);
  REQUIRE(segments.size() == 1);
  CHECK(segments[0].begin == 0);
  CHECK(segments[0].end == 64);
  append_segment(segments, slots[2], 1, 0);  // another decay
  append_segment(segments, slots[3], 2, 0);  // another rate
  CHECK(segments.size() == 3);
  segments.clear();
  append_segment(segments, slots[0], 1, 0);
  append_segment(segments, slots[2], 1, 0);  // a gap
  CHECK(segments.size() == 2);
}

TEST_CASE("flat_params: only the last owner may update") {
  ParamStore store;
  const Tensor p = store.add("p", {3}, Init::ones());
  FlatParams first(store);
  AdamW optimizer(first, {});
  const FlatParams second(store);
  CHECK(values(p) == std::vector<float>{1, 1, 1});
  CHECK_THROWS_WITH_AS(optimizer.step(0.1), doctest::Contains("p has been moved to another FlatParams"), Error);
}

TEST_CASE("flat_params: a gradient that was replaced is noticed") {
  ParamStore store;
  const Tensor p = store.add("p", {3}, Init::ones());
  FlatParams params(store);
  AdamW optimizer(params, {});
  set_grad(p, {});
  backward(sum(p));  // makes a gradient of its own
  CHECK_THROWS_WITH_AS(optimizer.step(0.1), doctest::Contains("p has lost its place in the flat gradient"), Error);
}

TEST_CASE("flat_params: loading, freezing and unfreezing after the move") {
  ParamStore store;
  const Tensor a = store.add("a", {3}, Init::ones()), b = store.add("b", {2}, Init::ones());
  FlatParams params(store);
  AdamW optimizer(params, {});
  store.load({{"a", Tensor::full({3}, 7)}, {"b", Tensor::full({2}, 8)}});
  CHECK(values(params.values())[0] == 7);

  const auto train = [&] {
    params.zero_grad();
    backward(add(sum(a), sum(b)));
    optimizer.step(0.5);
  };
  store.set_trainable("a", false);
  train();
  CHECK(values(a)[0] == 7);
  CHECK(values(b)[0] == doctest::Approx(7.5));
  store.set_trainable("a", true);
  train();
  CHECK(values(a)[0] == doctest::Approx(6.5));
  CHECK(optimizer.state().at("step.a").item() == 1);
  CHECK(optimizer.state().at("step.b").item() == 2);
}

TEST_CASE("flat_params: an update makes older graphs stale") {
  ParamStore store;
  const Tensor p = store.add("p", {3}, Init::ones());
  FlatParams params(store);
  AdamW optimizer(params, {});
  params.zero_grad();
  const Tensor loss = sum(p * p);
  backward(sum(p));
  optimizer.step(0.1);
  CHECK_THROWS_WITH_AS(backward(loss), doctest::Contains("changed in place"), Error);
}
