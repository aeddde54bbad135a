// adamw kernel: each variant as its source writes it, values recorded from PyTorch, and what must not be touched.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;
using Variant = AdamWStep::Variant;

constexpr Variant kVariants[] = {Variant::hf, Variant::torch, Variant::adam_l2};

/// One parameter, statement by statement as in transformers 4.2.1 AdamW.step, torch.optim.AdamW and torch.optim.Adam.
void update(double& p, double g, double& m, double& v, const ParamSegment& k, const AdamWStep& s) {
  g *= s.grad_scale;
  const double t = static_cast<double>(s.step);
  const double c1 = s.bias_correction ? 1 - std::pow(s.beta1, t) : 1;
  const double c2 = s.bias_correction ? 1 - std::pow(s.beta2, t) : 1;
  if (s.variant == Variant::torch) p = p * (1 - k.lr * k.weight_decay);
  if (s.variant == Variant::adam_l2) g = g + k.weight_decay * p;
  m = s.beta1 * m + (1 - s.beta1) * g;
  v = s.beta2 * v + (1 - s.beta2) * g * g;
  if (s.variant == Variant::hf) {
    const double step_size = k.lr * std::sqrt(c2) / c1;
    p = p - step_size * m / (std::sqrt(v) + s.eps);
    p = p - k.lr * k.weight_decay * p;
  } else {
    p = p - k.lr / c1 * m / (std::sqrt(v) / std::sqrt(c2) + s.eps);
  }
}

void check_case(DType dtype, const AdamWStep& settings, std::int64_t n, const std::vector<ParamSegment>& segments) {
  CAPTURE(static_cast<int>(settings.variant));
  const std::vector<double> zeros(static_cast<std::size_t>(n), 0);
  const Buffer param = random(dtype, {n}), m(dtype, {n}, zeros), v(dtype, {n}, zeros), shadow(DType::bf16, {n}, zeros);
  const std::vector<double> start = param.values();
  std::vector<double> p = start, e_m = zeros, e_v = zeros;
  for (int step = 1; step <= 5; ++step) {
    const Buffer grad = random(dtype, {n}, 100 + static_cast<std::uint64_t>(step), -1, 1);
    AdamWStep s = settings;
    s.step = step;
    const View shadow_view = shadow.view();
    kernels().adamw(param.view(), grad.view(), m.view(), v.view(), &shadow_view, segments, s);
    const std::vector<double> g = grad.values();
    for (const ParamSegment& k : segments)
      for (auto i = static_cast<std::size_t>(k.begin); i < static_cast<std::size_t>(k.end); ++i)
        update(p[i], g[i], e_m[i], e_v[i], k, s);
  }
  test::check_close(param, p, test::rounding_bound(dtype));  // observed f32 7e-15, f64 2e-33
  test::check_close(m, e_m, test::rounding_bound(dtype));    // 5e-15, 2e-32
  test::check_close(v, e_v, test::rounding_bound(dtype));    // 7e-15, 4e-32
  CHECK((param.guards_intact() && m.guards_intact() && v.guards_intact() && shadow.guards_intact()));

  // Inside the segments the shadow is the rounded parameter; outside nothing has changed.
  std::vector<double> e_shadow = zeros, after = param.values();
  const std::vector<double> rounded = Buffer(DType::bf16, {n}, after).values();
  for (const ParamSegment& k : segments)
    for (auto i = static_cast<std::size_t>(k.begin); i < static_cast<std::size_t>(k.end); ++i) {
      e_shadow[i] = rounded[i];
      after[i] = start[i];
    }
  test::check_equal(shadow, e_shadow);
  CHECK((after == start));
}

TEST_CASE("adamw: equals the formula of each variant, and leaves alone what is in no segment") {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const Variant variant : kVariants) {
      AdamWStep s;
      s.variant = variant;
      s.eps = 1e-3;  // large enough that where it is added shows
      check_case(dtype, s, 1, {{0, 1, 1e-2, 0.1}});
      check_case(dtype, s, 237, {{3, 100, 1e-2, 0.1}, {107, 108, 3e-2, 0}, {120, 237, 0, 0.3}});
      check_case(dtype, s, 70003, {{1, 69000, 1e-2, 0.1}, {69001, 70001, 3e-2, 0}});
      check_case(dtype, s, 5, {{2, 2, 1e-2, 0}});
      check_case(dtype, s, 5, {});
      s.grad_scale = 0.125;
      s.bias_correction = false;
      check_case(dtype, s, 769, {{0, 769, 1e-2, 0.1}});
    }
  }
}

TEST_CASE("adamw: three steps recorded from torch.optim.AdamW and torch.optim.Adam 2.15") {
  // lr 1e-2, betas (0.9, 0.98), eps 1e-3, weight_decay 0.1; gradient of step s: {0.1 s, -0.2, 0.3 / s, 0}.
  const struct {
    Variant variant;
    std::vector<double> param;
  } recorded[] = {
      {Variant::torch, {0.96808330355772809, -1.9641850925273632, 0.47051136117139036, 2.9910089969999998}},
      {Variant::adam_l2, {0.97039106576832435, -1.9700768780332147, 0.471423207399293, 2.9701024729537298}}};
  for (const auto& expected : recorded) {
    const Buffer param(DType::f64, {4}, {1, -2, 0.5, 3}), m(DType::f64, {4}, {0, 0, 0, 0}),
        v(DType::f64, {4}, {0, 0, 0, 0});
    const ParamSegment segment{0, 4, 1e-2, 0.1};
    for (int step = 1; step <= 3; ++step) {
      const Buffer grad(DType::f64, {4}, {0.1 * step, -0.2, 0.3 / step, 0});
      AdamWStep s;
      s.variant = expected.variant;
      s.eps = 1e-3;
      s.step = step;
      kernels().adamw(param.view(), grad.view(), m.view(), v.view(), nullptr, {&segment, 1}, s);
    }
    test::check_close(param, expected.param, 1e-30);  // observed 1e-32
  }
}

TEST_CASE("adamw: a small decay is right on average") {
  // lr wd = 1e-6: as a factor 1 - 1e-6 in f32 it would be 1 - 1.0133e-6, 1.3 % too much for every parameter.
  // Subtracted, each parameter's rounding (up to 6e-8) averages out.
  const std::int64_t n = 20000;
  const std::vector<double> zeros(static_cast<std::size_t>(n), 0);
  const Buffer start = random(DType::f32, {n}, 1, 1, 2), grad(DType::f32, {n}, zeros);
  for (const Variant variant : {Variant::hf, Variant::torch}) {
    const Buffer param = start, m(DType::f32, {n}, zeros), v(DType::f32, {n}, zeros);
    AdamWStep s;
    s.variant = variant;
    const ParamSegment segment{0, n, 1e-4, 1e-2};
    kernels().adamw(param.view(), grad.view(), m.view(), v.view(), nullptr, {&segment, 1}, s);
    double decay = 0;
    for (std::int64_t i = 0; i < n; ++i) decay += (1 - param.at(i) / start.at(i)) / static_cast<double>(n);
    CHECK(std::abs(decay - 1e-6) < 2e-9);  // observed 2e-10; the factor would give 1.3e-8
  }
}

TEST_CASE("adamw: the same bits on any number of threads") {
  const std::int64_t n = 300000;
  const Buffer grad = random(DType::f32, {n}, 2), start = random(DType::f32, {n}, 1);
  const Buffer zeros(DType::f32, {n}, std::vector<double>(static_cast<std::size_t>(n), 0));
  const std::vector<ParamSegment> segments = {{0, 131, 1e-3, 0}, {131, 250001, 1e-3, 0.1}, {250002, n, 2e-3, 0.1}};
  Buffer param = start, m = zeros, v = zeros;
  test::on_threads(
      {&param, &m, &v},
      [&] { kernels().adamw(param.view(), grad.view(), m.view(), v.view(), nullptr, segments, AdamWStep{}); },
      [&] {
        param = start;
        m = v = zeros;
      });
}

}  // namespace
}  // namespace aio
