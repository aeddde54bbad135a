// cuda/reduce.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda sum_dim: rows, columns, long ones, none") {
  if (!have_device()) return;
  const struct {
    std::int64_t outer, n, inner;
  } shapes[] = {
      {5, 7, 1}, {3, 4096, 1}, {2, 9001, 1}, {4, 3, 48}, {1, 200, 96}, {2, 150, 33}, {1, 70, 300}, {3, 0, 5}, {2, 0, 1},
  };
  for (const DType dtype : kGpuFloats) {
    for (const auto& [outer, n, inner] : shapes) {
      Parity p(dtype);
      const int x = p.input({outer, n, inner}, -1, 2), y = p.output({outer, inner});
      p.run([&](Backend& k, const Views& v) { k.sum_dim(v[y], v[x]); });
    }
  }
}

}  // namespace
}  // namespace aio::test
