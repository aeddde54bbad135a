// cuda/layer_norm.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda layer_norm: forward and backward, short, odd and long rows") {
  if (!have_device()) return;
  const struct {
    std::int64_t R, C;
  } shapes[] = {{3, 7}, {5, 48},  {9, 192},  {5, 237}, {4, 769}, {131, 16},
                {0, 8}, {70, 64}, {33, 384}, {9, 768}, {0, 64}};
  for (const DType dtype : kGpuFloats) {
    for (const auto& [R, C] : shapes) {
      Parity p(dtype);
      const int x = p.input({R, C}, -1, 3), dy = p.input({R, C}), gamma = p.wide_input({C}, 0.5, 1.5),
                beta = p.wide_input({C});
      const int y = p.output({R, C}), mean = p.wide_output({R}), rstd = p.wide_output({R}), dx = p.output({R, C}),
                sum = p.inout({R, C}), dropped = p.output({R, C}), dgamma = p.wide_output({C}),
                dbeta = p.wide_output({C});
      p.run([&](Backend& k, const Views& v) {
        k.layer_norm_forward(v[y], v[mean], v[rstd], v[x], v[gamma], v[beta], 1e-6);
        k.layer_norm_backward(v[dx], v[dgamma], v[dbeta], v[dy], v[x], v[mean], v[rstd], v[gamma], nullptr);
        k.layer_norm_backward(v[sum], v[dgamma], v[dbeta], v[dy], v[x], v[mean], v[rstd], v[gamma], &v[sum]);
        const DroppedCopy copy{v[dropped], {0.3, {5, 6, 7}}};
        k.layer_norm_backward(v[dx], v[dgamma], v[dbeta], v[dy], v[x], v[mean], v[rstd], v[gamma], nullptr, &copy);
      });
    }
  }
}

}  // namespace
}  // namespace aio::test
