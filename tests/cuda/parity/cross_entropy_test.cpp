// cuda/cross_entropy.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda cross_entropy: forward and backward, ignored rows, in place") {
  if (!have_device()) return;
  const struct { std::int64_t R, C; } shapes[] = {{3, 7}, {5, 2}, {4, 600}, {2, 3001}, {3, 1}, {0, 4}};
  for (const DType dtype : kGpuFloats) {
    for (const auto& [R, C] : shapes) {
      Parity p(dtype);
      std::vector<double> classes;
      for (std::int64_t r = 0; r < R; ++r) classes.push_back(r == 1 ? -100.0 : static_cast<double>(r * 7 % C));
      const int targets = p.values(DType::i64, {R}, classes), dloss = p.wide_input({R}),
                lse_in = p.wide_input({R}, 5, 9);
      const int x = p.input({R, C}, -4, 4), loss = p.wide_output({R}), lse = p.wide_output({R}), dx = p.output({R, C}),
                in_place = p.inout({R, C}, -4, 4);
      p.run([&](Backend& k, const Views& v) {
        k.cross_entropy_forward(v[loss], v[lse], v[x], v[targets], -100);
        k.cross_entropy_backward(v[dx], v[dloss], v[x], v[lse_in], v[targets], -100);
        k.cross_entropy_backward(v[in_place], v[dloss], v[in_place], v[lse_in], v[targets], -100);
      });
    }
  }
}

TEST_CASE("cuda cross_entropy: logits of minus infinity, huge logits") {
  if (!have_device()) return;
  const double inf = std::numeric_limits<double>::infinity();
  Parity p(DType::f32);
  const int x = p.values(DType::f32, {3, 3}, {-inf, 1, 2, -inf, -inf, -inf, 1e4, 1e4 - 1, -1e4});
  const int targets = p.values(DType::i64, {3}, {1, 0, 1}), loss = p.wide_output({3}), lse = p.wide_output({3});
  p.run([&](Backend& k, const Views& v) { k.cross_entropy_forward(v[loss], v[lse], v[x], v[targets], -100); });
}

}  // namespace
}  // namespace aio::test
