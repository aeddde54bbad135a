// sgd kernel: the statements of torch.optim.SGD, values recorded from it, and what must not be touched.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

SgdStep settings(double momentum, double dampening, bool nesterov) {
  SgdStep s;
  s.momentum = momentum;
  s.dampening = dampening;
  s.nesterov = nesterov;
  return s;
}

const SgdStep kSettings[] = {settings(0, 0, false), settings(0.9, 0, false), settings(0.9, 0.3, false),
                             settings(0.9, 0, true)};

TEST_CASE("sgd: equals the formula, and leaves alone what is in no segment") {
  const std::int64_t n = 70003;
  const std::vector<ParamSegment> segments = {{1, 69000, 1e-1, 0.1}, {69001, 69002, 3e-2, 0}, {69010, 70001, 0.2, 0}};
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const SgdStep& base : kSettings) {
      const Buffer param = random(dtype, {n}), momentum(dtype, {n}, std::vector<double>(70003, 7));
      const Buffer shadow(DType::bf16, {n}, std::vector<double>(70003, 0));
      std::vector<double> p = param.values(), b = momentum.values();
      const std::vector<double> start = p;
      for (int step = 1; step <= 3; ++step) {
        const Buffer grad = random(dtype, {n}, 10 + static_cast<std::uint64_t>(step));
        SgdStep s = base;
        s.step = step;
        s.grad_scale = 0.25;
        const View shadow_view = shadow.view();
        kernels().sgd(param.view(), grad.view(), momentum.view(), &shadow_view, segments, s);
        const std::vector<double> g = grad.values();
        for (const ParamSegment& k : segments) {
          for (auto i = static_cast<std::size_t>(k.begin); i < static_cast<std::size_t>(k.end); ++i) {
            double d = 0.25 * g[i] + k.weight_decay * p[i];
            if (s.momentum != 0) {
              b[i] = step == 1 ? d : s.momentum * b[i] + (1 - s.dampening) * d;
              d = s.nesterov ? d + s.momentum * b[i] : b[i];
            }
            p[i] -= k.lr * d;
          }
        }
      }
      test::check_close(param, p, test::rounding_bound(dtype));     // observed f32 2e-15, f64 3e-33
      test::check_close(momentum, b, test::rounding_bound(dtype));  // 3e-15, 1e-32
      const std::vector<double> after = param.values(), low = shadow.values();
      const std::vector<double> rounded = Buffer(DType::bf16, {n}, after).values();
      for (const std::size_t i : std::initializer_list<std::size_t>{0, 69000, 69005, 70001, 70002})
        CHECK((after[i] == start[i] && low[i] == 0));
      for (const std::size_t i : std::initializer_list<std::size_t>{1, 68999, 69001, 69010, 70000})
        CHECK((after[i] != start[i] && low[i] == rounded[i]));
    }
  }
}

TEST_CASE("sgd: three steps recorded from torch.optim.SGD 2.15; no momentum needs no buffer") {
  // lr 0.1, weight_decay 0.1; gradient of step s: {0.1 s, -0.2, 0.3 / s, 0}.
  const std::vector<double> recorded[] = {
      {0.9106979999999999, -1.8811959999999999, 0.43089650000000002, 2.9108970000000003},
      {0.849858, -1.7775159999999999, 0.3536765, 2.8331369999999998},
      {0.87857801999999996, -1.81165804, 0.36907728500000003, 2.8587435300000004},
      {0.77704888199999989, -1.683575764, 0.3012372935, 2.7626818229999999}};
  for (std::size_t k = 0; k < 4; ++k) {
    const Buffer param(DType::f64, {4}, {1, -2, 0.5, 3}), buffer(DType::f64, {4});
    const ParamSegment segment{0, 4, 0.1, 0.1};
    for (int step = 1; step <= 3; ++step) {
      const Buffer grad(DType::f64, {4}, {0.1 * step, -0.2, 0.3 / step, 0});
      SgdStep s = kSettings[k];
      s.step = step;
      kernels().sgd(param.view(), grad.view(), s.momentum == 0 ? View{} : buffer.view(), nullptr, {&segment, 1}, s);
    }
    test::check_close(param, recorded[k], 1e-30);  // observed 1e-32
  }
}

TEST_CASE("sgd: the same bits on any number of threads") {
  const std::int64_t n = 200000;
  const Buffer grad = random(DType::f32, {n}, 2), start = random(DType::f32, {n}, 1),
               before = random(DType::f32, {n}, 3);
  const ParamSegment segment{3, n, 1e-2, 0.1};
  SgdStep s = kSettings[3];
  s.step = 2;
  Buffer param = start, momentum = before;
  test::on_threads(
      {&param, &momentum},
      [&] {
        kernels().sgd(param.view(), grad.view(), momentum.view(), nullptr, {&segment, 1}, s);
      },
      [&] {
        param = start;
        momentum = before;
      });
}

}  // namespace
}  // namespace aio
