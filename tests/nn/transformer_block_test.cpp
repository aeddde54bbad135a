// A whole block: names, gradients in f64 with everything random switched on, determinism, recomputation, bf16.

#include "nn/transformer_block.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/autograd.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "nn/recompute.h"
#include "tensor/error.h"
#include "tests/param_gradcheck.h"

using namespace aio;
using namespace aio::nn;

namespace {

const BlockConfig kRandomBlock{.dim = 6, .heads = 2, .mlp_ratio = 2, .dropout = 0.2, .drop_path = 0.3};

Tensor input(const Shape& shape, DType dtype = DType::f32) { return normal(shape, 0, 1, {42, 0, 0}, {dtype, {}}); }

AttentionOptions lengths(const std::vector<std::int64_t>& n) {
  AttentionOptions options;
  options.key_lengths = Tensor::from(n, {static_cast<std::int64_t>(n.size())});
  return options;
}

/// Values and all gradients of one training step, as floats in the order of the store.
struct Step {
  std::vector<float> y, dx, parameters;
  friend bool operator==(const Step&, const Step&) = default;
};
Step run(const ParamStore& store, const ForwardFn& forward, ForwardCtx ctx) {
  const Tensor x = input({4, 5, 6});
  set_requires_grad(x);
  for (const Parameter& p : store.parameters()) set_grad(p.value, {});
  const Tensor y = forward(x, ctx);
  backward(sum(y * normal(y.shape(), 0, 1, {43, 0, 0})));
  Step step{y.to_vector<float>(), grad(x).to_vector<float>(), {}};
  for (const Parameter& p : store.parameters()) {
    const auto g = grad(p.value).to_vector<float>();
    step.parameters.insert(step.parameters.end(), g.begin(), g.end());
  }
  return step;
}

}  // namespace

TEST_CASE("block: names, order and initial values are the reference's") {
  ParamStore store;
  const TransformerBlock block(ParamScope(store) / "transformer" / "blocks" / 0, {.dim = 8, .heads = 2});
  std::vector<std::string> names;
  for (const Parameter& p : store.parameters()) names.push_back(message(p.name, " ", p.value.shape()));
  const std::vector<std::string> expected{
      "transformer.blocks.0.norm1.weight [8]",        "transformer.blocks.0.norm1.bias [8]",
      "transformer.blocks.0.attn.qkv.weight [24, 8]", "transformer.blocks.0.attn.qkv.bias [24]",
      "transformer.blocks.0.attn.proj.weight [8, 8]", "transformer.blocks.0.attn.proj.bias [8]",
      "transformer.blocks.0.norm2.weight [8]",        "transformer.blocks.0.norm2.bias [8]",
      "transformer.blocks.0.mlp.fc1.weight [32, 8]",  "transformer.blocks.0.mlp.fc1.bias [32]",
      "transformer.blocks.0.mlp.fc2.weight [8, 32]",  "transformer.blocks.0.mlp.fc2.bias [8]"};
  CHECK(names == expected);
  for (const float b : block.mlp.fc1.bias.to_vector<float>()) CHECK(b == 0);
  for (const float w : block.norm1.weight.to_vector<float>()) CHECK(w == 1);
  for (const float w : block.attn.qkv.weight.to_vector<float>()) CHECK(std::abs(w) < 0.1);  // 5 x 0.02
}

TEST_CASE("block: drop path rates rise linearly") {
  CHECK(drop_path_rate(0.1, 0, 12) == 0);
  CHECK(drop_path_rate(0.1, 11, 12) == doctest::Approx(0.1));
  CHECK(drop_path_rate(0.1, 1, 3) == doctest::Approx(0.05));
  CHECK(drop_path_rate(0.1, 0, 1) == 0);
}

TEST_CASE("block: gradients of the input and all parameters, dropout and drop path on") {
  ParamStore store(5, {DType::f64, {}});
  const TransformerBlock block(ParamScope(store), kRandomBlock);
  test::randomize(store, 0.5);
  const Tensor x = input({4, 3, 6}, DType::f64);
  set_requires_grad(x);
  for (const std::uint32_t step : {0U, 1U}) {
    const auto forward = [&](const Tensor& in) {
      ForwardCtx ctx = ForwardCtx::train(9, step, DType::f64);
      return block.forward(in, ctx, lengths({3, 1, 2, 3}));
    };
    const GradcheckResult of_input = gradcheck([&](const std::vector<Tensor>& in) { return forward(in[0]); }, {x});
    CHECK_MESSAGE(of_input.ok, of_input.message);
    CHECK(of_input.max_rel_error < 1e-8);  // observed: 1.4e-10

    const test::ParamGradcheck of_parameters =
        test::gradcheck_parameters(store, [&] { return forward(x); }, {.max_elements = 200});
    INFO(of_parameters.worst);
    CHECK(of_parameters.max_rel_error < 1e-8);  // observed: 9.0e-10
    CHECK(of_parameters.without_gradient.empty());
  }
}

TEST_CASE("block: the fused residual product is the sum of the parts") {
  ParamStore store(5);
  const TransformerBlock block(ParamScope(store), {.dim = 32, .heads = 4});
  const Tensor x = input({3, 7, 32});
  ForwardCtx ctx = ForwardCtx::eval();
  const Tensor mixed = x + block.attn.forward(block.norm1.forward(x, ctx), ctx);
  const auto parts = (mixed + block.mlp.forward(block.norm2.forward(mixed, ctx), ctx)).to_vector<float>();
  const auto fused = block.forward(x, ctx).to_vector<float>();
  for (std::size_t i = 0; i < parts.size(); ++i) CHECK(fused[i] == doctest::Approx(parts[i]).epsilon(1e-6));
}

TEST_CASE("block: evaluation draws nothing, training the same numbers again") {
  ParamStore store(5);
  const TransformerBlock block(ParamScope(store), kRandomBlock);
  const ForwardFn forward = [&](const Tensor& x, ForwardCtx& ctx) { return block.forward(x, ctx); };
  ForwardCtx eval = ForwardCtx::eval();
  block.forward(input({4, 5, 6}), eval);
  CHECK(eval.rng.position().call == 0);
  CHECK(run(store, forward, ForwardCtx::eval()).y == run(store, forward, {false, RngStream(77), DType::f32}).y);

  const Step a = run(store, forward, ForwardCtx::train(1, 0));
  CHECK(a == run(store, forward, ForwardCtx::train(1, 0)));
  CHECK(a.y != run(store, forward, ForwardCtx::train(1, 1)).y);
  CHECK(a.y != run(store, forward, ForwardCtx::train(2, 0)).y);
  CHECK(a.y != run(store, forward, ForwardCtx::eval()).y);

  ForwardCtx train = ForwardCtx::train(1, 0);
  block.forward(input({4, 5, 6}), train);
  CHECK(train.rng.position().call == 5);  // three dropouts, two drop paths
}

TEST_CASE("block: drop path alone leaves whole rows as they were") {
  ParamStore store(5);
  const TransformerBlock block(ParamScope(store), {.dim = 6, .heads = 2, .drop_path = 0.5});
  const Tensor x = input({64, 3, 6});
  ForwardCtx ctx = ForwardCtx::train(1, 0);
  const auto before = x.to_vector<float>(), after = block.forward(x, ctx).to_vector<float>();
  int untouched = 0;
  for (std::size_t row = 0; row < 64; ++row) {
    int equal = 0;
    for (std::size_t i = row * 18; i < (row + 1) * 18; ++i) equal += before[i] == after[i];
    CHECK((equal == 18 || equal <= 2));
    untouched += equal == 18;
  }
  CHECK(untouched > 6);  // both branches dropped: 16 expected of 64, standard deviation 3.5
  CHECK(untouched < 27);
}

TEST_CASE("block: one token, no clips") {
  ParamStore store(5);
  const TransformerBlock block(ParamScope(store), kRandomBlock);
  for (const Shape& shape : {Shape{2, 1, 6}, Shape{0, 5, 6}}) {
    ForwardCtx ctx = ForwardCtx::train(1, 0);
    const Tensor x = input(shape);
    set_requires_grad(x);
    for (const Parameter& p : store.parameters()) set_grad(p.value, {});
    const Tensor y = block.forward(x, ctx);
    CHECK(y.shape() == shape);
    backward(sum(y));
    CHECK(grad(x).shape() == shape);
    CHECK(grad(block.mlp.fc1.weight).defined());
  }
  for (const float g : grad(block.mlp.fc1.weight).to_vector<float>()) CHECK(g == 0);  // of the empty batch
}

TEST_CASE("block: recomputation gives the same bits") {
  ParamStore store(5);
  const TransformerBlock first(ParamScope(store) / 0, kRandomBlock), second(ParamScope(store) / 1, kRandomBlock);
  const auto one = [&](const Tensor& x, ForwardCtx& ctx) { return first.forward(x, ctx, lengths({5, 2, 3, 1})); };
  const auto two = [&](const Tensor& x, ForwardCtx& ctx) { return second.forward(x, ctx); };
  const ForwardFn plain = [&](const Tensor& x, ForwardCtx& ctx) { return two(one(x, ctx), ctx); };
  const ForwardFn saving = [&](const Tensor& x, ForwardCtx& ctx) {
    return recompute(two, recompute(one, x, ctx), ctx);
  };
  CHECK(run(store, plain, ForwardCtx::train(3, 4)) == run(store, saving, ForwardCtx::train(3, 4)));
}

TEST_CASE("block: bf16 stays close to f32") {
  ParamStore store(5);
  const BlockConfig config{.dim = 64, .heads = 4, .init = LinearOptions::truncated_normal(0.1)};
  const TransformerBlock block(ParamScope(store), config);
  const auto gradients = [&](DType compute) {
    ForwardCtx ctx = ForwardCtx::train(1, 0, compute);
    for (const Parameter& p : store.parameters()) set_grad(p.value, {});
    const Tensor y = cast(block.forward(cast(input({2, 17, 64}), compute), ctx), DType::f32);
    backward(sum(y * normal(y.shape(), 0, 1, {43, 0, 0})));
    std::vector<std::vector<float>> all{y.to_vector<float>()};
    for (const Parameter& p : store.parameters()) {
      CHECK(grad(p.value).dtype() == DType::f32);
      all.push_back(grad(p.value).to_vector<float>());
    }
    return all;
  };
  const auto f32 = gradients(DType::f32), bf16 = gradients(DType::bf16);
  for (std::size_t i = 0; i < f32.size(); ++i) {
    double difference = 0, size = 0;
    for (std::size_t k = 0; k < f32[i].size(); ++k) {
      difference += std::pow(static_cast<double>(f32[i][k] - bf16[i][k]), 2);
      size += std::pow(static_cast<double>(f32[i][k]), 2);
    }
    CAPTURE(i);
    CHECK(difference < 2e-4 * size);  // observed: at most 5.9e-5; one rounding to bf16 is about 1e-6
  }
}
