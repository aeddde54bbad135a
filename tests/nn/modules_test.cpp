// Each module's output and gradients against PyTorch's, with weights loaded by name (golden/nn_modules.json).

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "nn/attention.h"
#include "nn/embedding.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/optim/flat_params.h"
#include "nn/patch_embed.h"
#include "nn/transformer_block.h"
#include "tensor/error.h"
#include "tensor/raw.h"

using namespace aio;
using namespace aio::nn;
using nlohmann::json;

namespace {

const json& golden(const std::string& name) {
  static const json file = json::parse(std::ifstream(AIO_TEST_DATA "/golden/nn_modules.json"));
  return file["cases"][name];
}

Shape shape_of(const json& j) {
  const auto dims = j["shape"].get<std::vector<std::int64_t>>();
  return Shape{std::span<const std::int64_t>(dims)};
}
Tensor tensor_of(const json& j, DType dtype) {
  return cast(Tensor::from(j["data"].get<std::vector<double>>(), shape_of(j)), dtype);
}

/// max |actual - expected| / max(1, max |expected|)
double error(const Tensor& actual, const json& expected) {
  REQUIRE(actual.shape() == shape_of(expected));
  const auto a = cast(detach(actual), DType::f64).to_vector<double>();
  const auto e = expected["data"].get<std::vector<double>>();
  double worst = 0, size = 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - e[i]));
    size = std::max(size, std::abs(e[i]));
  }
  return worst / size;
}

AttentionOptions options_of(const json& j) {
  AttentionOptions options;
  if (j.contains("lengths")) {
    const auto lengths = j["lengths"].get<std::vector<std::int64_t>>();
    options.key_lengths = Tensor::from(lengths, {static_cast<std::int64_t>(lengths.size())});
  }
  options.causal = j.value("causal", false);
  return options;
}

struct Errors {
  double output = 0, gradients = 0;
};

/// Builds the module, loads the case's parameters, runs forward and backward.
template <class Build>
Errors compare(const std::string& name, DType dtype, const Build& build) {
  const json& j = golden(name);
  ParamStore store(0, {dtype, {}});
  const auto module = build(ParamScope(store));
  std::map<std::string, Tensor> parameters;
  for (const auto& [key, value] : j["parameters"].items()) parameters[key] = tensor_of(value, dtype);
  store.load(parameters);

  ForwardCtx ctx = ForwardCtx::eval(dtype);
  Tensor x, y;
  if (j.contains("ids")) {
    x = Tensor::from(j["ids"]["data"].get<std::vector<std::int64_t>>(), shape_of(j["ids"]));
  } else {
    x = tensor_of(j["x"], dtype);
    set_requires_grad(x);
  }
  if constexpr (requires { module.forward(x, ctx, AttentionOptions{}); }) {
    y = module.forward(x, ctx, options_of(j));
  } else {
    y = module.forward(x, ctx);
  }
  backward(y, tensor_of(j["dy"], dtype));

  Errors errors{error(y, j["y"]), 0};
  if (j.contains("dx")) errors.gradients = error(grad(x), j["dx"]);
  for (const auto& [name_of_parameter, value] : j["grads"].items()) {
    const std::string key = name_of_parameter;  // clang 14 cannot capture a binding
    CAPTURE(key);
    errors.gradients = std::max(errors.gradients, error(grad(store.get(key).value), value));
  }
  return errors;
}

template <class Build>
void check_case(const std::string& name, const Build& build) {
  CAPTURE(name);
  const Errors f64 = compare(name, DType::f64, build);
  CHECK(f64.output < 2e-15);  // observed: at most 4.5e-16 and 5.8e-16
  CHECK(f64.gradients < 2e-15);
  const Errors f32 = compare(name, DType::f32, build);
  CHECK(f32.output < 6e-7);  // observed: at most 1.8e-7 and 3.2e-7
  CHECK(f32.gradients < 1e-6);
}

}  // namespace

TEST_CASE("Linear equals PyTorch") {
  check_case("linear", [](const ParamScope& s) { return Linear(s, 7, 5); });
  check_case("linear_without_bias",
             [](const ParamScope& s) { return Linear(s, 7, 5, LinearOptions{}.without_bias()); });
}

TEST_CASE("LayerNorm equals PyTorch, eps by eps") {
  check_case("layer_norm_bert", [](const ParamScope& s) { return LayerNorm(s, 6, kBertEps); });
  check_case("layer_norm_vit", [](const ParamScope& s) { return LayerNorm(s, 6, kVitEps); });
  check_case("layer_norm_classifier", [](const ParamScope& s) { return LayerNorm(s, 6, kClassifierEps); });
}

TEST_CASE("Embedding equals PyTorch; the padding row gets no gradient") {
  check_case("embedding", [](const ParamScope& s) { return Embedding(s, 5, 3, Init::normal(0.02), 0); });
}

TEST_CASE("Mlp equals PyTorch") {
  check_case("mlp", [](const ParamScope& s) { return Mlp(s, 6, 11); });
}

TEST_CASE("PatchEmbed equals PyTorch's strided convolution") {
  check_case("patch_embed", [](const ParamScope& s) { return PatchEmbed(s, 4, 5); });
}

TEST_CASE("MultiheadSelfAttention equals PyTorch, also with key lengths and causal") {
  const auto two_heads = [](const ParamScope& s) { return MultiheadSelfAttention(s, {.dim = 8, .heads = 2}); };
  check_case("attention", two_heads);
  check_case("attention_lengths", two_heads);
  check_case("attention_causal", [](const ParamScope& s) { return MultiheadSelfAttention(s, {.dim = 6, .heads = 3}); });
}

TEST_CASE("Linear: casts kept for inference follow the weights") {
  ParamStore store(1);
  const Linear layer(ParamScope(store), 4, 3);
  const Tensor x = Tensor::full({2, 4}, 0.5, {DType::bf16, {}});
  ForwardCtx kept = ForwardCtx::eval(DType::bf16), fresh = kept;
  fresh.casts = nullptr;
  const auto same = [&] {
    const NoGrad no_grad;
    const std::vector<float> y = cast(layer.forward(x, kept), DType::f32).to_vector<float>();
    CHECK(y == cast(layer.forward(x, fresh), DType::f32).to_vector<float>());
    return y;
  };
  const std::vector<float> before = same();
  {
    const NoGrad no_grad;
    CHECK(layer.cast_weights(kept).weight.is_same(layer.cast_weights(kept).weight));
  }
  CHECK(requires_grad(layer.cast_weights(kept).weight));  // a gradient is wanted: the weight itself is cast
  raw::fill_(layer.weight, 2);
  CHECK(same() != before);
  const FlatParams params(store);  // moves the weights
  raw::fill_(params.values(), 3);
  same();
}

TEST_CASE("TransformerBlock equals a pre-norm block in PyTorch") {
  check_case("block", [](const ParamScope& s) { return TransformerBlock(s, {.dim = 8, .heads = 2, .mlp_ratio = 3}); });
}

TEST_CASE("modules refuse what makes no sense") {
  ParamStore store;
  const ParamScope s(store);
  CHECK_THROWS_WITH_AS(MultiheadSelfAttention(s, {.dim = 8, .heads = 3}),
                       doctest::Contains("3 heads, expected a divisor of dim 8"), Error);
  CHECK_THROWS_WITH_AS(Embedding(s / "e", 5, 3, Init::zeros(), 5), doctest::Contains("padding_idx is 5"), Error);
  CHECK_THROWS_WITH_AS(Dropout(1.0), doctest::Contains("Dropout: rate is 1"), Error);
  CHECK_THROWS_WITH_AS(DropPath(-0.1), doctest::Contains("DropPath: rate is -0.1"), Error);

  const Linear layer(s / "fc", 7, 5);
  ForwardCtx half = ForwardCtx::eval(DType::bf16), full = ForwardCtx::eval();
  CHECK_THROWS_WITH_AS(layer.forward(Tensor::zeros({2, 7}), half),
                       doctest::Contains("Linear: x is f32[2, 7], expected bf16"), Error);
  CHECK_THROWS_AS(layer.forward(Tensor::zeros({2, 6}), full), Error);
  const Embedding table(s / "t", 5, 3);
  CHECK_THROWS_AS(table.forward(Tensor::from(std::vector<std::int64_t>{5}, {1}), full), Error);
}
