// Values and gradients recorded from PyTorch 2.x in float64 (tests/golden/ops.json): at least one case an op family.
// Each is run in f64, then in f32 with a tolerance for its rounding.
//
// The file is a list of {op, inputs, cotangent, output, gradients}: torch.autograd.grad(output, inputs, cotangent) of
// the function of that name in torch or torch.nn.functional, on uniform random inputs.

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

using Json = nlohmann::json;
using Inputs = std::vector<Tensor>;

Shape shape_of(const Json& json) { return Shape(json.at("shape").get<std::vector<std::int64_t>>()); }

Array array_of(const Json& json) {
  Array array;
  array.shape = shape_of(json);
  array.data = json.at("data").get<std::vector<double>>();
  return array;
}

Tensor tensor_of(const Json& json, DType dtype) {
  if (json.contains("ids")) return Tensor::from(json.at("ids").get<std::vector<std::int64_t>>(), shape_of(json));
  if (json.contains("mask")) return Tensor::from(json.at("mask").get<std::vector<std::uint8_t>>(), shape_of(json));
  return raw::cast(Tensor::from(json.at("data").get<std::vector<double>>(), shape_of(json)), dtype);
}

/// How each recorded op is called, with the attributes that it was recorded with.
const std::map<std::string, Tensor (*)(const Inputs&)>& calls() {
  static const std::map<std::string, Tensor (*)(const Inputs&)> map{
      {"add", [](const Inputs& in) { return add(in[0], in[1]); }},
      {"sub", [](const Inputs& in) { return sub(in[0], in[1]); }},
      {"mul", [](const Inputs& in) { return mul(in[0], in[1]); }},
      {"div", [](const Inputs& in) { return div(in[0], in[1]); }},
      {"exp", [](const Inputs& in) { return exp(in[0]); }},
      {"log", [](const Inputs& in) { return log(in[0]); }},
      {"sqrt", [](const Inputs& in) { return sqrt(in[0]); }},
      {"relu", [](const Inputs& in) { return relu(in[0]); }},
      {"tanh", [](const Inputs& in) { return tanh(in[0]); }},
      {"sigmoid", [](const Inputs& in) { return sigmoid(in[0]); }},
      {"gelu", [](const Inputs& in) { return gelu(in[0]); }},
      {"where", [](const Inputs& in) { return where(in[0], in[1], in[2]); }},
      {"masked_fill", [](const Inputs& in) { return masked_fill(in[0], in[1], -1.5); }},
      {"permute",
       [](const Inputs& in) {
         return permute(in[0], {2, 0, 1});
       }},
      {"slice", [](const Inputs& in) { return slice(in[0], 1, 1, 6, 2); }},
      {"concat", [](const Inputs& in) { return concat(in, 1); }},
      {"stack", [](const Inputs& in) { return stack(in, 1); }},
      {"roll", [](const Inputs& in) { return roll(in[0], 1, -2); }},
      {"sum",
       [](const Inputs& in) {
         return sum(in[0], {0, 2});
       }},
      {"mean",
       [](const Inputs& in) {
         return mean(in[0], {0, 2}, true);
       }},
      {"matmul", [](const Inputs& in) { return matmul(in[0], in[1]); }},
      {"linear", [](const Inputs& in) { return linear(in[0], in[1], in[2]); }},
      {"linear_gelu", [](const Inputs& in) { return linear_gelu(in[0], in[1], in[2]); }},
      {"linear_residual", [](const Inputs& in) { return linear_residual(in[0], in[1], in[2], in[3]); }},
      {"layer_norm", [](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 1e-6); }},
      {"softmax", [](const Inputs& in) { return softmax(in[0]); }},
      {"log_softmax", [](const Inputs& in) { return log_softmax(in[0]); }},
      {"l2_normalize", [](const Inputs& in) { return l2_normalize(in[0], 0.5); }},  // one row is shorter than that
      {"cosine_similarity", [](const Inputs& in) { return cosine_similarity(in[0], in[1], 1e-8); }},
      {"attention", [](const Inputs& in) { return attention(in[0], in[1], in[2]); }},
      {"attention_packed",
       [](const Inputs& in) {
         AttentionOptions causal;
         causal.causal = true;
         return attention_packed(in[0], 2, causal);
       }},
      {"embedding", [](const Inputs& in) { return embedding(in[0], in[1], 0); }},  // 0 is among the ids
      {"index_select", [](const Inputs& in) { return index_select(in[0], 1, in[1]); }},
      {"select_rows", [](const Inputs& in) { return select_rows(in[0], in[1]); }},
      {"patchify", [](const Inputs& in) { return patchify(in[0], 2); }},
      {"resize_bilinear", [](const Inputs& in) { return resize_bilinear(in[0], 5, 3, false); }},
      {"resize_bilinear_aligned", [](const Inputs& in) { return resize_bilinear(in[0], 5, 3, true); }},
      {"cross_entropy", [](const Inputs& in) { return cross_entropy(in[0], in[1]); }},  // one target is -100
      {"binary_cross_entropy_with_logits",
       [](const Inputs& in) { return binary_cross_entropy_with_logits(in[0], in[1]); }},
  };
  return map;
}

Json recorded() {
  std::ifstream file(AIO_TEST_DATA "/golden/ops.json");
  return Json::parse(file).at("cases");
}

/// `tolerance` is relative to the largest value of the array: single elements may cancel.
void check_close(const std::string& what, const Tensor& got, const Array& expected, double tolerance) {
  double largest = 0;
  for (const double v : expected.data) largest = std::max(largest, std::abs(v));
  CHECK_MESSAGE(difference(raw::cast(got, DType::f64), expected, tolerance * std::max(1.0, largest)) == "", what);
}

void replay(const Json& json, DType dtype, double tolerance) {
  Inputs inputs;
  for (const Json& input : json.at("inputs")) {
    inputs.push_back(tensor_of(input, dtype));
    if (is_float(inputs.back().dtype())) set_requires_grad(inputs.back());
  }
  const std::string op = json.at("op");
  const Tensor output = calls().at(op)(inputs);
  check_close(op, output, array_of(json.at("output")), tolerance);
  backward(output, tensor_of(json.at("cotangent"), dtype));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Json& expected = json.at("gradients")[i];
    if (expected.is_null()) continue;
    if (op == "binary_cross_entropy_with_logits" && i == 1) continue;  // targets are constants here
    REQUIRE_MESSAGE(grad(inputs[i]).defined(), op, ", gradient of input ", i);
    check_close(message(op, ", gradient of input ", i), grad(inputs[i]), array_of(expected), tolerance);
  }
}

TEST_CASE("golden: values and gradients are PyTorch's") {
  int replayed = 0;
  for (const Json& json : recorded()) {
    if (!json.contains("gradients")) continue;
    INFO(std::string(json.at("op")));
    replay(json, DType::f64, 4e-15);  // observed: 1e-15
    replay(json, DType::f32, 2e-6);   // observed: 6e-7
    ++replayed;
  }
  CHECK(replayed == 39);
  CHECK(replayed == static_cast<int>(calls().size()));
}

TEST_CASE("golden: argmax, topk and sort are PyTorch's, ties included") {
  const auto recorded_ids = [](const Json& json) { return json.at("ids").get<std::vector<std::int64_t>>(); };
  int replayed = 0;
  for (const Json& json : recorded()) {
    if (json.contains("gradients")) continue;
    const Tensor x = tensor_of(json.at("inputs")[0], DType::f64);
    const Json& expected = json.at("outputs");
    if (json.at("op") == "argmax") {
      CHECK(argmax(x).to_vector<std::int64_t>() == recorded_ids(expected[0]));
    } else {
      const ValuesAndIndices got = json.at("op") == "topk" ? topk(x, 3) : sort(x);
      check_equal(got.values, array_of(expected[0]));
      CHECK(got.indices.to_vector<std::int64_t>() == recorded_ids(expected[1]));
    }
    ++replayed;
  }
  CHECK(replayed == 3);
}

}  // namespace
}  // namespace aio::test
