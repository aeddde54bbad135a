// cuda/unary.cu and cuda/gelu.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

constexpr UnaryOp kOps[] = {UnaryOp::exp, UnaryOp::log, UnaryOp::sqrt, UnaryOp::relu, UnaryOp::tanh, UnaryOp::sigmoid};

TEST_CASE("cuda unary: forward and backward") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const UnaryOp op : kOps) {
      for (const std::int64_t n : {1, 513, 2500}) {
        const bool positive = op == UnaryOp::log || op == UnaryOp::sqrt;
        Parity p(dtype);
        const int x = p.input({n}, positive ? 0.25 : -3, 3), dy = p.input({n}), y = p.output({n}), dx = p.output({n});
        p.run([&](Backend& k, const Views& v) {
          k.unary_forward(op, v[y], v[x]);
          k.unary_backward(op, v[dx], v[dy], v[x]);
        });
      }
    }
  }
}

TEST_CASE("cuda gelu: forward, backward, backward in place") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t n : {1, 768, 3001}) {
      Parity p(dtype);
      const int x = p.input({n}, -6, 6), dy = p.input({n}), y = p.output({n}), dx = p.output({n}), g = p.inout({n});
      p.run([&](Backend& k, const Views& v) {
        k.gelu_forward(v[y], v[x]);
        k.gelu_backward(v[dx], v[dy], v[x]);
        k.gelu_backward(v[g], v[g], v[x]);
      });
    }
  }
}

TEST_CASE("cuda unary and gelu: infinities and NaN") {
  if (!have_device()) return;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : kGpuFloats) {
    Parity p(dtype);
    const int x = p.values(dtype, {6}, {-inf, -100, 0, 100, inf, nan}), one = p.values(dtype, {6}, {1, 1, 1, 1, 1, 1});
    const int relu = p.output({6}), drelu = p.output({6}), sigmoid = p.output({6}), tanh = p.output({6}),
              gelu = p.output({6}), slope = p.output({6});
    p.run([&](Backend& k, const Views& v) {
      k.unary_forward(UnaryOp::relu, v[relu], v[x]);
      k.unary_backward(UnaryOp::relu, v[drelu], v[one], v[x]);
      k.unary_forward(UnaryOp::sigmoid, v[sigmoid], v[x]);
      k.unary_forward(UnaryOp::tanh, v[tanh], v[x]);
      k.gelu_forward(v[gelu], v[x]);
      k.gelu_backward(v[slope], v[one], v[x]);
    });
  }
}

}  // namespace
}  // namespace aio::test
