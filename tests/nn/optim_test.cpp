// Every optimizer follows PyTorch's trajectory (hf: transformers 4.2.1's formula in PyTorch) for 100 updates, with
// groups, schedules, clipping, micro-batches and a parameter that misses every third step.
// golden/optim_trajectories.json says in "source" what the little problem is; nothing but its results are stored.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "nn/optim/adamw.h"
#include "nn/optim/grad_norm.h"
#include "nn/optim/lr_schedule.h"
#include "nn/optim/sgd.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"
#include "tests/temp_dir.h"

using namespace aio;
using namespace aio::nn;
using nlohmann::json;

namespace {

json golden() {
  std::ifstream file(AIO_TEST_DATA "/golden/optim_trajectories.json");
  return json::parse(file);
}

Tensor filled(const Shape& shape, DType dtype, const std::function<double(std::int64_t)>& element) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = element(static_cast<std::int64_t>(i));
  return cast(Tensor::from(values, shape), dtype);
}

std::vector<double> doubles(const Tensor& x) { return cast(detach(x), DType::f64).to_vector<double>(); }

/// The fixture's parameters and their losses.
struct Problem {
  Problem(const json& file, DType dtype) : store(0, {dtype, {}}) {
    for (std::size_t k = 0; k < file["names"].size(); ++k) {
      const auto dims = file["shapes"][k].get<std::vector<std::int64_t>>();
      const Shape shape{std::span<const std::int64_t>(dims)};
      const std::string name = file["names"][k];
      store.add(name, shape, Init::zeros());
      const double phase = 0.11 * static_cast<double>(k);
      start[name] = filled(shape, dtype, [&](auto i) { return 0.5 * std::sin(0.37 * static_cast<double>(i) + phase); });
    }
    store.load(start);
  }

  /// Adds the gradients c p + s of update t, micro-batch j, by way of the loss sum(c p^2 / 2 + s p).
  void backward_pass(int t, int j) const {
    for (std::size_t k = 0; k < store.parameters().size(); ++k) {
      if (k == 7 || (k == 6 && t % 3 == 1)) continue;
      const Tensor& p = store.parameters()[k].value;
      const auto c = filled(p.shape(), p.dtype(), [&](auto i) {
        return 0.2 + 0.1 * static_cast<double>((7 * i + 3 * static_cast<int>(k)) % 10);
      });
      const double phase = 0.05 * (t + 0.25 * j) * static_cast<double>(k + 1);
      const auto s =
          filled(p.shape(), p.dtype(), [&](auto i) { return 0.5 * std::cos(phase + 0.3 * static_cast<double>(i)); });
      backward(sum(scale(c * p * p, 0.5) + s * p));
    }
  }

  std::vector<double> flat() const {
    std::vector<double> all;
    for (const Parameter& p : store.parameters()) {
      const std::vector<double> values = doubles(p.value);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  ParamStore store;
  std::map<std::string, Tensor> start;
};

std::unique_ptr<Optimizer> make_optimizer(const json& v, FlatParams& params) {
  ParamGroups groups = ParamGroups::reference(v["weight_decay"], v["lr_multiplier"]);
  if (!v["groups"]) groups = {v["weight_decay"], {}, 1, {}};
  const std::string kind = v["optimizer"];
  if (kind == "sgd") {
    return std::make_unique<Sgd>(params, groups, SgdOptions{v["momentum"], v["dampening"], v["nesterov"]});
  }
  AdamWOptions options{AdamWOptions::Variant::hf, v["beta1"], v["beta2"], v["eps"]};
  if (kind == "adamw_torch") options.variant = AdamWOptions::Variant::torch;
  if (kind == "adam") options.variant = AdamWOptions::Variant::adam_l2;
  return std::make_unique<AdamW>(params, groups, options);
}

LrSchedule make_schedule(const json& v) {
  LrSchedule schedule{
      .base_lr = v["lr"], .end_lr = v["end_lr"], .power = v["power"], .warmup_steps = v["warmup"], .max_steps = 100};
  if (v["schedule"] == "cosine") schedule.decay = LrSchedule::Decay::cosine;
  if (v["schedule"] == "constant") schedule.end_lr = schedule.base_lr;
  return schedule;
}

/// Runs a variant and returns the largest difference to the recorded parameters.
double follow(const json& file, const json& v, DType dtype, double norm_tolerance) {
  Problem problem(file, dtype);
  FlatParams params(problem.store);
  const std::unique_ptr<Optimizer> optimizer = make_optimizer(v, params);
  const LrSchedule schedule = make_schedule(v);
  const double max_norm = v["max_norm"] > 0 ? v["max_norm"].get<double>() : std::numeric_limits<double>::infinity();
  const int micro_batches = v["micro_batches"];
  const auto recorded_steps = file["recorded_steps"].get<std::vector<int>>();
  double worst = 0;
  std::size_t record = 0;
  for (int t = 1; t <= 100; ++t) {
    params.zero_grad();
    for (int j = 0; j < micro_batches; ++j) problem.backward_pass(t, j);
    const GradNorm norm = grad_norm(params, max_norm, micro_batches);
    optimizer->step(schedule.lr(t - 1), norm.grad_scale);
    if (t != recorded_steps[record]) continue;
    CHECK(norm.norm == doctest::Approx(v["grad_norms"][record].get<double>()).epsilon(norm_tolerance));
    CHECK(norm.non_finite == 0);
    const auto expected = v["params"][record++].get<std::vector<double>>();
    const std::vector<double> actual = problem.flat();
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) worst = std::max(worst, std::abs(actual[i] - expected[i]));
  }
  CHECK(record == recorded_steps.size());
  return worst;
}

}  // namespace

TEST_CASE("optimizers follow PyTorch for 100 updates, f64") {
  const json file = golden();
  for (const json& v : file["variants"]) {
    const std::string name = v["name"];
    CAPTURE(name);
    CHECK(follow(file, v, DType::f64, 1e-13) < 2e-15);  // observed: at most 4.5e-16
  }
}

TEST_CASE("optimizers follow PyTorch for 100 updates, f32") {
  const json file = golden();
  for (const json& v : file["variants"]) {
    const std::string name = v["name"];
    CAPTURE(name);
    // f32_noise: how far PyTorch's own f32 run is off, 1e-7 to 6e-7; ours: 0.5 to 1.1 times that.
    CHECK(follow(file, v, DType::f32, 1e-5) < 2 * v["f32_noise"].get<double>());
  }
}

TEST_CASE("a parameter without gradient is left alone, decay and moments included") {
  const json file = golden();
  Problem problem(file, DType::f32);
  FlatParams params(problem.store);
  AdamW optimizer(params, {0.5, {}, 1, {}});
  params.zero_grad();
  problem.backward_pass(1, 0);  // none for parameters 6 and 7
  optimizer.step(0.1);
  const auto state = optimizer.state();
  for (const char* name : {"itm.fc.weight", "unused.weight"}) {
    CHECK(problem.store.get(name).value.to_vector<float>() == problem.start.at(name).to_vector<float>());
    CHECK(state.at(message("step.", name)).item() == 0);
    for (const float v : state.at(message("exp_avg_sq.", name)).to_vector<float>()) CHECK(v == 0);
  }
  CHECK(state.at("step.vqa_classifier.0.bias").item() == 1);
}

TEST_CASE("saved and loaded state continues bit for bit") {
  const json file = golden();
  const json& v = file["variants"][3];
  const auto run = [&](Problem& problem, FlatParams& params, Optimizer& optimizer, int from, int to) {
    for (int t = from; t <= to; ++t) {
      params.zero_grad();
      problem.backward_pass(t, 0);
      optimizer.step(1e-2);
    }
  };
  Problem a(file, DType::f32), b(file, DType::f32);
  FlatParams params_a(a.store), params_b(b.store);
  const auto optimizer_a = make_optimizer(v, params_a), optimizer_b = make_optimizer(v, params_b);
  run(a, params_a, *optimizer_a, 1, 5);
  b.store.load(a.store.state());
  optimizer_b->load_state(optimizer_a->state());
  run(a, params_a, *optimizer_a, 6, 10);
  run(b, params_b, *optimizer_b, 6, 10);
  CHECK(a.flat() == b.flat());

  SUBCASE("by way of a file, too") {
    const test::TempDir folder;
    const std::string path = folder / "optim.safetensors";
    save_safetensors(path, optimizer_a->state());
    Problem c(file, DType::f32);
    FlatParams params_c(c.store);
    const auto optimizer_c = make_optimizer(v, params_c);
    optimizer_c->load_state(load_safetensors(path));
    const auto saved = optimizer_a->state(), loaded = optimizer_c->state();
    for (const auto& [key, tensor] : saved) {
      const std::string name = key;  // clang 14 cannot capture a binding
      CAPTURE(name);
      CHECK(loaded.at(name).dtype() == tensor.dtype());
      CHECK(doubles(loaded.at(name)) == doubles(tensor));
    }
  }
  SUBCASE("a state that does not fit changes nothing") {
    auto state = optimizer_b->state();
    state.erase("exp_avg.unused.weight");
    state["exp_avg_sq.unused.weight"] = Tensor::zeros({5});
    state["momentum_buffer.unused.weight"] = Tensor::zeros({4});
    state["step.itm.fc.weight"] = Tensor::full({}, 77, {DType::i64, {}});
    CHECK_THROWS_WITH_AS(optimizer_b->load_state(state),
                         doctest::Contains("1 missing, 1 unexpected, 1 of wrong shape\n"
                                           "  missing: exp_avg.unused.weight\n"
                                           "  unexpected: momentum_buffer.unused.weight\n"
                                           "  wrong shape: exp_avg_sq.unused.weight: file f32[5], model f32[4]"),
                         Error);
    CHECK(optimizer_b->state().at("step.itm.fc.weight").item() != 77);
  }
}

TEST_CASE("non-finite gradients are counted") {
  ParamStore store;
  const Tensor p = store.add("p", {5}, Init::ones());
  FlatParams params(store);
  params.zero_grad();
  const double inf = std::numeric_limits<double>::infinity();
  backward(sum(p * Tensor::from(std::vector<float>{1, 2, static_cast<float>(inf), NAN, 3}, {5})));
  CHECK(grad_norm(params, 1.0).non_finite == 2);
}

TEST_CASE("options that make no sense are refused") {
  ParamStore store;
  store.add("p", {5}, Init::ones());
  FlatParams params(store);
  CHECK_THROWS_WITH_AS(Sgd(params, {}, {0, 0, true}), doctest::Contains("Sgd: nesterov with momentum 0"), Error);
  CHECK_THROWS_WITH_AS(Sgd(params, {}, {-1, 0, false}), doctest::Contains("Sgd: momentum is -1"), Error);
  CHECK_THROWS_WITH_AS(AdamW(params, {}, {AdamWOptions::Variant::hf, 1.0, 0.9, 1e-8}),
                       doctest::Contains("AdamW: betas 1, 0.9"), Error);
  CHECK_THROWS_WITH_AS(grad_norm(params, 0.0), doctest::Contains("grad_norm: max_norm is 0"), Error);
  CHECK_THROWS_WITH_AS(grad_norm(params, 1.0, 0), doctest::Contains("0 micro-batches"), Error);
}
