// grad_stats kernel: sum of squares and count of non-finite values over segments.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

TEST_CASE("grad_stats: the sum runs over the segments only, in f64") {
  const std::int64_t n = 200003;
  const std::vector<ParamSegment> segments = {
      {1, 150000, 0, 0}, {150001, 150002, 0, 0}, {150100, 150100, 0, 0}, {160000, n, 0, 0}};
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const double size : {1.0, 1e-30, 1e30}) {  // squares that f32 cannot hold
      const Buffer grad = random(dtype, {n}, 1, -size, size);
      const std::vector<double> g = grad.values();
      long double expected = 0;
      for (const ParamSegment& k : segments)
        for (auto i = static_cast<std::size_t>(k.begin); i < static_cast<std::size_t>(k.end); ++i)
          expected += static_cast<long double>(g[i]) * static_cast<long double>(g[i]);
      const GradStats stats = kernels().grad_stats(grad.view(), segments);
      CHECK(std::abs(stats.sum_of_squares / static_cast<double>(expected) - 1) < 1e-14);  // observed 2e-16
      CHECK(stats.non_finite == 0);
    }
  }
}

TEST_CASE("grad_stats: counts inf and NaN, wherever they are, but not outside the segments") {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::size_t place :
         {std::size_t{5}, std::size_t{1029}, std::size_t{65535}, std::size_t{65541}, std::size_t{99998}}) {
      std::vector<double> g = random(dtype, {100000}).values();
      g[0] = g[99999] = NAN;  // outside
      const ParamSegment segment{1, 99999, 0, 0};
      CHECK(kernels().grad_stats(Buffer(dtype, {100000}, g).view(), {&segment, 1}).non_finite == 0);
      g[place] = -INFINITY;
      g[place - 1] = NAN;
      const GradStats stats = kernels().grad_stats(Buffer(dtype, {100000}, g).view(), {&segment, 1});
      CHECK(stats.non_finite == 2);
      CHECK_FALSE(std::isfinite(stats.sum_of_squares));
    }
  }
  // Finite values whose squares overflow f64 are finite values.
  const Buffer huge(DType::f64, {3}, {1e200, 1, -1e200});
  const ParamSegment segment{0, 3, 0, 0};
  CHECK(kernels().grad_stats(huge.view(), {&segment, 1}).non_finite == 0);
}

TEST_CASE("grad_stats: nothing has norm 0") {
  const GradStats stats = kernels().grad_stats(Buffer(DType::f32, {0}).view(), {});
  CHECK(stats.sum_of_squares == 0);
  CHECK(stats.non_finite == 0);
}

TEST_CASE("grad_stats: the same bits on any number of threads") {
  const Buffer grad = random(DType::f32, {500000}, 3);
  const std::vector<ParamSegment> segments = {{0, 333333, 0, 0}, {333334, 500000, 0, 0}};
  Buffer sum(DType::f64, {1});
  test::on_threads({&sum}, [&] { sum.set(0, kernels().grad_stats(grad.view(), segments).sum_of_squares); });
}

}  // namespace
}  // namespace aio
