// cuda/binary_cross_entropy.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

void check_both(Parity& p, int x, int t, std::int64_t n) {
  const int dloss = p.input({n}), loss = p.output({n}), dx = p.output({n});
  p.run([&](Backend& k, const Views& v) {
    k.binary_cross_entropy_forward(v[loss], v[x], v[t]);
    k.binary_cross_entropy_backward(v[dx], v[dloss], v[x], v[t]);
  });
}

TEST_CASE("cuda binary_cross_entropy: forward and backward") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t n : {0, 1, 257, 2053}) {
      for (const std::int64_t offset : {0, 1}) {
        Parity p(dtype);
        p.misalign(offset);
        const int x = p.input({n}, -20, 20), t = p.input({n}, 0, 1);
        check_both(p, x, t, n);
      }
    }
  }
}

TEST_CASE("cuda binary_cross_entropy: certain and right keeps its small loss; NaN stays NaN") {
  if (!have_device()) return;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : kGpuFloats) {
    Parity small(dtype);
    check_both(small, small.values(dtype, {4}, {30, -30, 60, -60}), small.values(dtype, {4}, {1, 0, 1, 0}), 4);
    Parity p(dtype);
    check_both(p, p.values(dtype, {4}, {nan, 1, 100, 0}), p.values(dtype, {4}, {1, nan, 0, 0.5}), 4);
  }
}

}  // namespace
}  // namespace aio::test
