// exp, log, sqrt, relu, tanh, sigmoid against the C library in double, both directions.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

struct Case {
  UnaryOp op;
  const char* name;
  double low, high;
  double (*f)(double);
  double (*slope)(double saved);  // of what the op saves: y, or x for log
};

const Case kCases[] = {
    {UnaryOp::exp, "exp", -6, 6, [](double x) { return std::exp(x); }, [](double y) { return y; }},
    {UnaryOp::log, "log", 0.01, 6, [](double x) { return std::log(x); }, [](double x) { return 1 / x; }},
    {UnaryOp::sqrt, "sqrt", 0.01, 6, [](double x) { return std::sqrt(x); }, [](double y) { return 0.5 / y; }},
    {UnaryOp::relu, "relu", -2, 2, [](double x) { return std::max(x, 0.0); }, [](double y) { return y > 0 ? 1.0 : 0; }},
    {UnaryOp::tanh, "tanh", -4, 4, [](double x) { return std::tanh(x); }, [](double y) { return 1 - y * y; }},
    {UnaryOp::sigmoid, "sigmoid", -6, 6, [](double x) { return 1 / (1 + std::exp(-x)); },
     [](double y) { return y * (1 - y); }},
};

TEST_CASE("unary: both directions against the formula, odd sizes, all dtypes") {
  for (const Case& c : kCases) {
    INFO(c.name);
    for (const DType dtype : kFloats) {
      for (const std::int64_t n : {0, 1, 7, 237, 769, 40001}) {
        const Buffer x = random(dtype, {n}, 1, c.low, c.high), dy = random(dtype, {n}, 2);
        Buffer y(dtype, {n}), dx(dtype, {n});
        on_threads({&y}, [&] { kernels().unary_forward(c.op, y.view(), x.view()); });
        check_close(y, map(x, c.f), rounding_bound(dtype));  // observed: see kernel_test.h
        const Buffer& saved = c.op == UnaryOp::log ? x : y;
        on_threads({&dx}, [&] { kernels().unary_backward(c.op, dx.view(), dy.view(), saved.view()); });
        std::vector<double> expected = map(saved, c.slope);
        for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] *= dy.at(i);
        check_close(dx, expected, rounding_bound(dtype));
      }
    }
  }
}

TEST_CASE("unary: infinities and NaN") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const DType dtype : kFloats) {
    const Buffer x(dtype, {6}, {inf, -inf, nan, 0, 4, -4});
    Buffer y(dtype, {6});
    const auto forward = [&](UnaryOp op) -> const Buffer& {
      kernels().unary_forward(op, y.view(), x.view());
      return y;
    };
    CHECK(std::isnan(forward(UnaryOp::exp).at(2)));
    CHECK(forward(UnaryOp::exp).at(0) == inf);
    CHECK(forward(UnaryOp::exp).at(1) == 0);
    check_equal(forward(UnaryOp::relu), {inf, 0, nan, 0, 4, 0});
    CHECK(forward(UnaryOp::tanh).at(0) == 1);
    CHECK(forward(UnaryOp::tanh).at(1) == -1);
    CHECK(std::isnan(forward(UnaryOp::tanh).at(2)));
    CHECK(forward(UnaryOp::sigmoid).at(0) == 1);
    CHECK(forward(UnaryOp::sigmoid).at(1) == 0);
    check_equal(forward(UnaryOp::sqrt), {inf, nan, nan, 0, 2, nan});
    CHECK(forward(UnaryOp::log).at(3) == -inf);
    CHECK(std::isnan(forward(UnaryOp::log).at(5)));
  }
}

TEST_CASE("unary: relu passes no gradient at 0 and keeps NaN") {
  const double nan = std::nan("");
  const Buffer saved(DType::f32, {3}, {0, 2, nan}),
      dy(DType::f32, {3}, {std::numeric_limits<double>::infinity(), 5, 1});
  Buffer dx(DType::f32, {3});
  kernels().unary_backward(UnaryOp::relu, dx.view(), dy.view(), saved.view());
  check_equal(dx, {0, 5, nan});
}

}  // namespace
}  // namespace aio::test
