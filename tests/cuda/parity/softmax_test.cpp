// cuda/softmax.cu and cuda/l2_normalize.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

constexpr struct { std::int64_t R, C; } kShapes[] = {{3, 7}, {5, 48}, {9, 1}, {5, 237}, {2, 1000}, {0, 8}};

TEST_CASE("cuda softmax and log_softmax: forward and backward") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const auto& [R, C] : kShapes) {
      for (const double shift : {0.0, 300.0}) {
        Parity p(dtype);
        const int x = p.input({R, C}, shift - 5, shift + 5), dy = p.input({R, C}), y = p.output({R, C}),
                  dx = p.output({R, C}), l = p.output({R, C}), dl = p.output({R, C}), u = p.input({R, C}, 0, 1),
                  w = p.input({R, C}, -6, 0);
        p.run(
            [&](Backend& k, const Views& v) {
              k.softmax_forward(v[y], v[x]);
              k.softmax_backward(v[dx], v[dy], v[u]);
              k.log_softmax_forward(v[l], v[x]);
              k.log_softmax_backward(v[dl], v[dy], v[w]);
            },
            2);
      }
    }
  }
}

TEST_CASE("cuda softmax: -inf, +inf and NaN among the logits") {
  if (!have_device()) return;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  Parity p(DType::f32);
  const int x = p.values(DType::f32, {4, 3}, {-inf, 1, 2, -inf, -inf, -inf, 0, inf, 1, nan, 0, 1});
  const int y = p.output({4, 3}), l = p.output({4, 3});
  p.run([&](Backend& k, const Views& v) {
    k.softmax_forward(v[y], v[x]);
    k.log_softmax_forward(v[l], v[x]);
  });
}

TEST_CASE("cuda l2_normalize: forward and backward, rows of zeros") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const auto& [R, C] : kShapes) {
      Parity p(dtype);
      const int x = p.input({R, C}), dy = p.input({R, C}), u = p.input({R, C}, -0.1, 0.1),
                norms = p.wide_input({R}, 0.001, 0.02);
      const int y = p.output({R, C}), norm = p.wide_output({R}), dx = p.output({R, C}), zero = p.inout({R, C}, 0, 1e-9),
                zero_norm = p.wide_output({R});
      p.run([&](Backend& k, const Views& v) {
        k.l2_normalize_forward(v[y], v[norm], v[x], 1e-6);
        k.l2_normalize_backward(v[dx], v[dy], v[u], v[norms], 0.01);
        k.l2_normalize_forward(v[zero], v[zero_norm], v[zero], 1e-3);
      });
    }
  }
}

}  // namespace
}  // namespace aio::test
