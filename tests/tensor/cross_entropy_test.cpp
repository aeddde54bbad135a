// cross_entropy kernels against the formula in double.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::int64_t kIgnore = -100;

struct Run {
  Buffer loss, lse, dlogits;
};

Run run(const Buffer& logits, const Buffer& targets, const Buffer& dloss) {
  const DType wide = accumulator_of(logits.dtype());
  Run r{Buffer(wide, targets.dims()), Buffer(wide, targets.dims()), Buffer(logits.dtype(), logits.dims())};
  test::on_threads({&r.loss, &r.lse, &r.dlogits}, [&] {
    kernels().cross_entropy_forward(r.loss.view(), r.lse.view(), logits.view(), targets.view(), kIgnore);
    kernels().cross_entropy_backward(r.dlogits.view(), dloss.view(), logits.view(), r.lse.view(), targets.view(),
                                     kIgnore);
  });
  return r;
}

void check_case(const Buffer& x) {
  const std::int64_t R = x.dims()[0], C = x.dims()[1];
  Buffer targets = random(DType::i64, {R}, 3, 0, static_cast<double>(C));
  if (R > 1) targets.set(1, kIgnore);
  const Buffer dloss = random(accumulator_of(x.dtype()), {R}, 4);
  const Run got = run(x, targets, dloss);

  const std::vector<double> v = x.values(), scale = dloss.values();
  std::vector<double> e_loss(static_cast<std::size_t>(R)), e_dx(v.size());
  for (std::size_t r = 0; r < static_cast<std::size_t>(R); ++r) {
    const auto target = static_cast<std::int64_t>(targets.at(static_cast<std::int64_t>(r)));
    if (target == kIgnore) continue;
    const double* row = v.data() + r * static_cast<std::size_t>(C);
    const double max = *std::max_element(row, row + C);
    double sum = 0;
    for (std::int64_t c = 0; c < C; ++c) sum += std::exp(row[c] - max);
    const double lse = max + std::log(sum);
    e_loss[r] = lse - row[target];
    for (std::int64_t c = 0; c < C; ++c)
      e_dx[r * static_cast<std::size_t>(C) + static_cast<std::size_t>(c)] =
          scale[r] * (c == target ? std::expm1(row[c] - lse) : std::exp(row[c] - lse));
  }
  test::check_close(got.loss, e_loss, test::rounding_bound(dloss.dtype()));  // observed f32 3e-15, f64 1e-31
  test::check_close(got.dlogits, e_dx, test::rounding_bound(x.dtype()));  // 3e-13 (exp of a rounded lse), 7e-32, 4e-6

  const Buffer in_place = x;
  kernels().cross_entropy_backward(in_place.view(), dloss.view(), in_place.view(), got.lse.view(), targets.view(),
                                   kIgnore);
  CHECK((in_place.bytes() == got.dlogits.bytes()));
}

TEST_CASE("cross_entropy: forward and backward equal the formula") {
  for (const DType dtype : test::kFloats) {
    for (const std::int64_t C : {2, 7, 237, 769, 2047, 2048, 2049, 4099, 30522})
      check_case(random(dtype, {3, C}, 1, -6, 6));
    check_case(random(dtype, {4000, 17}, 2, -6, 6));
    check_case(Buffer(dtype, {0, 17}));
  }
}

TEST_CASE("cross_entropy: the running maximum rises, falls, and starts at -inf") {
  for (const DType dtype : test::kFloats) {
    for (const bool rising : {true, false}) {
      std::vector<double> logits(7000);
      for (std::size_t c = 0; c < logits.size(); ++c) {
        const double place = static_cast<double>(rising ? c : logits.size() - 1 - c) / 7000;
        logits[c] = -200 + 400 * place;
      }
      check_case(Buffer(dtype, {1, 7000}, logits));
    }
    std::vector<double> late(5000, -kInf);
    late[4500] = late[4900] = 2;
    const Buffer x(dtype, {1, 5000}, late), target(DType::i64, {1}, {4900});
    const Run got = run(x, target, Buffer(accumulator_of(dtype), {1}, {1}));
    CHECK(got.loss.at(0) == doctest::Approx(std::log(2)).epsilon(1e-6));
    CHECK(got.dlogits.at(4500) == doctest::Approx(0.5).epsilon(1e-6));
    CHECK(got.dlogits.at(4900) == doctest::Approx(-0.5).epsilon(1e-6));
    CHECK(got.dlogits.at(0) == 0);
  }
}

TEST_CASE("cross_entropy: a confident row keeps the digits of its loss and gradient") {
  // p = 1 - 6e-6. The sum 1 + 6e-6 is rounded to 6e-8, so 1 % is what f32 can give for the target.
  const Buffer x(DType::f32, {1, 3}, {0, -12, -300}), target(DType::i64, {1}, {0});
  const Run got = run(x, target, Buffer(DType::f32, {1}, {1}));
  const double rest = std::exp(-12.0), p = 1 / (1 + rest);
  CHECK(got.loss.at(0) == doctest::Approx(std::log1p(rest)).epsilon(1e-2));
  CHECK(got.dlogits.at(0) == doctest::Approx(-rest * p).epsilon(1e-2));
  CHECK(got.dlogits.at(1) == doctest::Approx(rest * p).epsilon(1e-5));
  CHECK(got.dlogits.at(2) == 0);
}

TEST_CASE("cross_entropy: an ignored row is zero whatever it holds; impossible rows are NaN") {
  const Buffer x(DType::f32, {4, 2}, {NAN, kInf, -kInf, -kInf, 0, kInf, NAN, 1});
  const Buffer targets(DType::i64, {4}, {kIgnore, 0, 0, 1});
  const Run got = run(x, targets, Buffer(DType::f32, {4}, {5, 1, 1, 1}));
  test::check_equal(got.loss, {0, NAN, NAN, NAN});
  CHECK(got.dlogits.at(0) == 0);
  CHECK(got.dlogits.at(1) == 0);
  for (int i = 2; i < 8; ++i) CHECK(std::isnan(got.dlogits.at(i)));
}

}  // namespace
}  // namespace aio
