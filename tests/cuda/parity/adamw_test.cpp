// cuda/adamw.cu and cuda/grad_stats.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

const ParamSegment kSegments[] = {{0, 5, 1e-3, 0.01}, {6, 9000, 1e-2, 0}, {9000, 9000, 1, 1}, {17001, 17003, 0.1, 0.3}};
constexpr std::int64_t kLength = 17010;

TEST_CASE("cuda adamw: all variants, segments that begin anywhere") {
  if (!have_device()) return;
  using Variant = AdamWStep::Variant;
  for (const Variant variant : {Variant::hf, Variant::torch, Variant::adam_l2}) {
    for (const std::int64_t offset : {0, 1}) {
      AdamWStep step;
      step.variant = variant;
      step.step = 3;
      step.grad_scale = 0.5;
      step.bias_correction = offset == 0;
      Parity p(DType::f32);
      p.misalign(offset);
      const int grad = p.input({kLength}), param = p.inout({kLength}), m = p.inout({kLength}),
                v = p.inout({kLength}, 0.1, 1), alone = p.inout({kLength});
      const int shadow = p.shadow_output({kLength});
      p.run([&](Backend& k, const Views& x) {
        k.fill(x[shadow], 0);
        k.adamw(x[param], x[grad], x[m], x[v], &x[shadow], kSegments, step);
        k.adamw(x[alone], x[grad], x[m], x[v], nullptr, kSegments, step);
      });
    }
  }
}

TEST_CASE("cuda grad_stats: sum and health over segments") {
  if (!have_device()) return;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool sick : {false, true}) {
    std::vector<double> values(kLength, 0.5);
    values[5] = nan;  // outside of the segments
    if (sick) values[7] = inf, values[17002] = nan, values[8000] = -inf;
    Parity p(DType::f32);
    const int grad = p.values(DType::f32, {kLength}, values);
    p.run([&](Backend& k, const Views& x) {
      const GradStats stats = k.grad_stats(x[grad], kSegments);
      CHECK(stats.non_finite == (sick ? 3 : 0));
      if (!sick) CHECK(stats.sum_of_squares == (5 + 8994 + 2) * 0.25);
      CHECK(k.grad_stats(x[grad], {}).sum_of_squares == 0);
    });
  }
}

}  // namespace
}  // namespace aio::test
