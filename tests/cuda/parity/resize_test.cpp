// cuda/resize.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda resize_bilinear: larger, smaller, one place, corners aligned or not, forward and backward") {
  if (!have_device()) return;
  const struct {
    std::int64_t P, h, w, H, W;
  } shapes[] = {{2, 3, 4, 5, 7}, {1, 5, 7, 3, 4},  {3, 1, 1, 4, 3},    {2, 6, 5, 1, 1},
                {1, 4, 4, 4, 4}, {1, 2, 29, 3, 4}, {1, 14, 14, 24, 9}, {0, 3, 3, 5, 5}};
  for (const DType dtype : kGpuFloats) {
    for (const auto& [P, h, w, H, W] : shapes) {
      for (const bool align_corners : {false, true}) {
        Parity p(dtype);
        const int x = p.input({P, h, w}), dy = p.input({P, H, W}), y = p.output({P, H, W}), dx = p.output({P, h, w});
        p.run([&](Backend& k, const Views& v) {
          k.resize_bilinear_forward(v[y], v[x], align_corners);
          k.resize_bilinear_backward(v[dx], v[dy], align_corners);
        });
      }
    }
  }
}

}  // namespace
}  // namespace aio::test
