// layer_norm kernels against the formula in double.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;
using test::rounding_bound;

struct Operands {
  Buffer x, dy, gamma, beta, y, mean, rstd, dx, dgamma, dbeta;

  Operands(DType dtype, std::int64_t R, std::int64_t C, double low, double high)
      : Operands(random(dtype, {R, C}, 1, low, high), R, C) {}
  Operands(Buffer input, std::int64_t R, std::int64_t C)
      : x(std::move(input)),
        dy(random(x.dtype(), {R, C}, 2)),
        gamma(random(accumulator_of(x.dtype()), {C}, 3, 0.5, 1.5)),
        beta(random(accumulator_of(x.dtype()), {C}, 4)),
        y(x.dtype(), {R, C}),
        mean(accumulator_of(x.dtype()), {R}),
        rstd(accumulator_of(x.dtype()), {R}),
        dx(x.dtype(), {R, C}),
        dgamma(accumulator_of(x.dtype()), {C}),
        dbeta(accumulator_of(x.dtype()), {C}) {}

  void run() {
    test::on_threads({&y, &mean, &rstd, &dx, &dgamma, &dbeta}, [&] {
      kernels().layer_norm_forward(y.view(), mean.view(), rstd.view(), x.view(), gamma.view(), beta.view(), 1e-6);
      kernels().layer_norm_backward(dx.view(), dgamma.view(), dbeta.view(), dy.view(), x.view(), mean.view(),
                                    rstd.view(), gamma.view(), nullptr);
    });
  }
};

struct Expected {
  std::vector<double> y, mean, rstd, dx, dgamma, dbeta;
};

Expected formula(const Operands& o) {
  const std::vector<double> x = o.x.values(), dy = o.dy.values(), gamma = o.gamma.values(), beta = o.beta.values();
  const std::size_t C = gamma.size();
  const double n = static_cast<double>(C);
  Expected e{x, {}, {}, x, std::vector<double>(C), std::vector<double>(C)};
  for (std::size_t row = 0; row < x.size(); row += C) {
    double mean = 0, var = 0, mean_w = 0, mean_wh = 0;
    for (std::size_t c = 0; c < C; ++c) mean += x[row + c] / n;
    for (std::size_t c = 0; c < C; ++c) var += (x[row + c] - mean) * (x[row + c] - mean) / n;
    const double rstd = 1 / std::sqrt(var + 1e-6);
    for (std::size_t c = 0; c < C; ++c) {
      const double h = (x[row + c] - mean) * rstd, w = dy[row + c] * gamma[c];
      e.y[row + c] = h * gamma[c] + beta[c];
      e.dgamma[c] += dy[row + c] * h;
      e.dbeta[c] += dy[row + c];
      mean_w += w / n;
      mean_wh += w * h / n;
    }
    for (std::size_t c = 0; c < C; ++c) {
      const double h = (x[row + c] - mean) * rstd, w = dy[row + c] * gamma[c];
      e.dx[row + c] = rstd * (w - mean_w - h * mean_wh);
    }
    e.mean.push_back(mean);
    e.rstd.push_back(rstd);
  }
  return e;
}

TEST_CASE("layer_norm: forward and backward equal the formula, on any number of threads") {
  const struct { std::int64_t R, C; } shapes[] = {{3, 7}, {5, 237}, {37, 769}, {1, 768}, {1300, 96}, {0, 5}, {0, 0}};
  for (const DType dtype : test::kFloats) {
    for (const auto& [R, C] : shapes) {
      Operands o(dtype, R, C, -3, 4);
      o.run();
      const Expected e = formula(o);
      const double bound = rounding_bound(dtype), wide_bound = rounding_bound(accumulator_of(dtype));
      test::check_close(o.y, e.y, bound);                 // observed f32 3e-15, f64 8e-32, bf16 3e-6
      test::check_close(o.mean, e.mean, wide_bound);      // 4e-15, 5e-31
      test::check_close(o.rstd, e.rstd, wide_bound);      // 3e-15, 1e-31
      test::check_close(o.dx, e.dx, bound);               // 8e-15, 2e-30, 5e-6
      test::check_close(o.dgamma, e.dgamma, wide_bound);  // 4e-14, 2e-30: sums over 1300 rows
      test::check_close(o.dbeta, e.dbeta, wide_bound);
    }
  }
}

TEST_CASE("layer_norm: one column has no spread: y = beta, dx = 0") {
  Operands o(Buffer(DType::f32, {2, 1}, {3, -8}), 2, 1);
  o.run();
  test::check_equal(o.y, {o.beta.at(0), o.beta.at(0)});
  CHECK(test::max_error(o.dx.values(), {0, 0}) < 3e-4);  // rstd = 1000 times the rounding of w
  test::check_equal(o.dgamma, {0});
  CHECK(o.dbeta.at(0) == static_cast<float>(o.dy.at(0) + o.dy.at(1)));
}

TEST_CASE("layer_norm: no columns") {
  Operands o(DType::f32, 3, 0, 0, 1);
  o.run();
}

TEST_CASE("layer_norm: the variance keeps its digits far from zero") {
  // E[x^2] - mean^2 in f32 has a relative error near 1 at mean = 4000 std; the two-pass form only that of the mean.
  Operands o(DType::f32, 64, 768, 3998.3, 4001.7);
  o.run();
  const Expected e = formula(o);
  test::check_close(o.rstd, e.rstd, 1e-12);  // observed 3e-15
  test::check_close(o.y, e.y, 1e-7);         // observed 3e-8: the mean is rounded to 2.4e-4 there
}

TEST_CASE("layer_norm: a residual's gradient is added, also in its own memory") {
  for (const DType dtype : test::kFloats) {
    Operands o(dtype, 37, 50, -1, 1);
    o.run();
    const Buffer residual = random(dtype, {37, 50}, 9);
    Buffer sum(dtype, {37, 50}), in_place = residual;
    const View added = residual.view(), own = in_place.view();
    const auto backward = [&](const Buffer& dx, const View* more) {
      kernels().layer_norm_backward(dx.view(), o.dgamma.view(), o.dbeta.view(), o.dy.view(), o.x.view(), o.mean.view(),
                                    o.rstd.view(), o.gamma.view(), more);
    };
    backward(sum, &added);
    backward(in_place, &own);
    CHECK(sum.bytes() == in_place.bytes());
    const double rounding = dtype == DType::bf16 ? 0x1p-7 : 1e-6;
    for (std::int64_t i = 0; i < sum.numel(); ++i) {
      CHECK(std::abs(sum.at(i) - o.dx.at(i) - residual.at(i)) <=
            rounding * (1 + std::abs(sum.at(i)) + std::abs(o.dx.at(i))));
    }
  }
}

}  // namespace
}  // namespace aio
