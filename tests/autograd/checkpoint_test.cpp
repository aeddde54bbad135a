// Recomputation must change the memory, nothing else: gradients are compared bit for bit.

#include <doctest/doctest.h>

#include "graph_helpers.h"
#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::test;

namespace {

constexpr std::int64_t kRows = 7, kWidth = 33;

struct Weights {
  Tensor first, second;
};

Weights make_weights() {
  return {leaf(normal({kWidth, kWidth}, 0, 0.2, RngKey{1}, {DType::f64})),
          leaf(normal({kWidth, kWidth}, 0, 0.2, RngKey{2}, {DType::f64}))};
}

Tensor two_layers(const Tensor& x, const Weights& weights, RngStream& rng) {
  const Tensor hidden = dropout(gelu(linear(x, weights.first)), 0.3, rng.next());
  return add(x, dropout(linear(hidden, weights.second), 0.3, rng.next()));
}

CheckpointFn mlp_fn(const Weights& weights) {
  return [weights](const std::vector<Tensor>& inputs, RngStream& rng) -> std::vector<Tensor> {
    return {two_layers(inputs[0], weights, rng)};
  };
}

struct Gradients {
  Values loss, x, first, second;
  std::uint32_t calls;  // how far the random stream went
  bool operator==(const Gradients&) const = default;
};

/// Three blocks; `run_block` decides how one is run.
template <class RunBlock>
Gradients train(RunBlock run_block) {
  const Tensor x = leaf(normal({kRows, kWidth}, 0, 1, RngKey{3}, {DType::f64}));
  const Weights weights = make_weights();
  RngStream rng(42);
  Tensor y = scale(x, 1.5);
  for (int i = 0; i < 3; ++i) y = run_block(y, weights, rng);
  const Tensor loss = mean(mul(y, y));
  backward(loss);
  return {values_of(loss), grad_of(x), grad_of(weights.first), grad_of(weights.second), rng.position().call};
}

Tensor checkpointed(const Tensor& x, const Weights& weights, RngStream& rng) {
  return checkpoint(mlp_fn(weights), {x}, rng)[0];
}

Tensor nested(const Tensor& x, const Weights& weights, RngStream& rng) {
  const CheckpointFn outer = [weights](const std::vector<Tensor>& inputs, RngStream& stream) -> std::vector<Tensor> {
    return checkpoint(mlp_fn(weights), {scale(inputs[0], 1)}, stream);
  };
  return checkpoint(outer, {x}, rng)[0];
}

}  // namespace

TEST_CASE("checkpoint gives the same bits, dropout included") {
  const Gradients plain = train(two_layers);
  CHECK(plain.calls == 6);
  CHECK(train(checkpointed) == plain);
}

TEST_CASE("nested checkpoints give the same bits") { CHECK(train(nested) == train(two_layers)); }

TEST_CASE("captured parameters get gradients when no input requires one") {
  const Weights weights = make_weights();
  const Tensor x = normal({kRows, kWidth}, 0, 1, RngKey{3}, {DType::f64});
  RngStream rng(1);
  const Tensor y = checkpointed(x, weights, rng);
  CHECK(requires_grad(y));
  backward(sum(y));
  CHECK(grad(weights.first).defined());

  set_requires_grad(weights.first, false);
  set_requires_grad(weights.second, false);
  CHECK(!requires_grad(checkpointed(x, weights, rng)));  // nothing to recompute for
}

TEST_CASE("several inputs and outputs, some unused, some passed through") {
  const Tensor a = leaf({1, 2}), b = constant({3, 4}), c = leaf({5, 6});
  const CheckpointFn fn = [](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    return {mul(in[0], in[1]), in[2], mul(in[2], in[2])};
  };
  RngStream rng(1);
  const std::vector<Tensor> out = checkpoint(fn, {a, b, c}, rng);
  backward(sum(add(out[0], scale(out[1], 10))));
  CHECK(grad_of(a) == Values{3, 4});
  CHECK(grad_of(c) == Values{10, 10});
  CHECK(!grad(b).defined());
}

TEST_CASE("under NoGrad a checkpoint is a call") {
  const NoGrad no_grad;
  const Weights weights = make_weights();
  RngStream rng(1);
  CHECK(!requires_grad(checkpointed(Tensor::zeros({2, kWidth}, {DType::f64}), weights, rng)));
  CHECK(rng.position().call == 2);
}

TEST_CASE("only the inputs are kept, and only until backward") {
  const std::size_t one = 256 * 1024 * sizeof(double);
  const Tensor x = leaf(Tensor::full({256, 1024}, 0.1, {DType::f64}));
  const CheckpointFn fn = [](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    Tensor y = in[0];
    for (int i = 0; i < 8; ++i) y = tanh(y);
    return {y};
  };
  RngStream rng(1);
  const std::size_t before = memory_stats().current;
  Tensor y = x;
  for (int i = 0; i < 8; ++i) y = checkpoint(fn, {y}, rng)[0];
  const Tensor loss = sum(y);
  y = {};
  CHECK(memory_stats().current - before <= 9 * one);  // not 64
  backend_for(Device{}).allocator().reset_peak();
  backward(loss);
  CHECK(memory_stats().peak - before <= (9 + 8 + 4) * one);  // one block's insides at a time
  CHECK(memory_stats().current - before <= 2 * one);
}

TEST_CASE("misuse of checkpoint") {
  const Tensor x = leaf({1, 2});
  const Tensor history = scale(x, 2);
  RngStream rng(1);
  const CheckpointFn captures = [history](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    return {mul(in[0], history)};
  };
  EXPECT_ERROR(checkpoint(captures, {x}, rng), state, "checkpoint: fn captures an output of scale");

  const CheckpointFn detaches = [history](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    return {mul(in[0], detach(history))};
  };
  backward(sum(checkpoint(detaches, {x}, rng)[0]));
  CHECK(grad_of(x) == Values{2, 4});

  const CheckpointFn looks = [history](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    const NoGrad no_grad;
    const double constant_factor = sum(history).item();
    const EnableGrad enable;
    return {scale(in[0], constant_factor)};
  };
  backward(sum(checkpoint(looks, {x}, rng)[0]));  // no gradient would flow there: nothing to refuse
  CHECK(grad_of(x) == Values{2 + 6, 4 + 6});

  int calls = 0;
  const CheckpointFn impure = [&calls](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    return std::vector<Tensor>(static_cast<std::size_t>(++calls), in[0]);
  };
  const std::vector<Tensor> out = checkpoint(impure, {x}, rng);
  EXPECT_ERROR(backward(sum(out[0])), state, "checkpoint: fn returned 2 tensors when recomputed, 1 before");

  bool out_of_luck = false;  // what fn throws when recomputed reaches the caller, and it may be tried again
  const CheckpointFn fails = [&out_of_luck](const std::vector<Tensor>& in, RngStream&) -> std::vector<Tensor> {
    check(!out_of_luck, ErrorCode::oom, "no memory");
    return {scale(in[0], 3)};
  };
  const Tensor tripled = checkpoint(fails, {x}, rng)[0];
  const Values before = grad_of(x);
  out_of_luck = true;
  EXPECT_ERROR(backward(tripled, constant({1, 1})), oom, "no memory");
  out_of_luck = false;
  CHECK(grad_of(x) == before);
  backward(tripled, constant({1, 1}));
  CHECK(grad_of(x) == Values{before[0] + 3, before[1] + 3});

  const std::vector<Tensor> stale = checkpoint(detaches, {x}, rng);
  raw::fill_(x, 0);
  EXPECT_ERROR(backward(sum(stale[0])), state, "checkpoint: a saved input f64[2] was changed in place");

  const Weights weights = make_weights();
  const Tensor y = checkpointed(Tensor::zeros({2, kWidth}, {DType::f64}), weights, rng);
  raw::fill_(weights.second, 0);  // an optimizer step before backward
  EXPECT_ERROR(backward(sum(y)), state, "checkpoint: a saved input f64[33, 33] was changed in place");
  CHECK(!grad(weights.first).defined());
}
