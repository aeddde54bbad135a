// exp, log, sqrt, relu, tanh, sigmoid.
//
// Forward:  y = f(x); relu(NaN) = NaN
// Backward: dx = dy f'(x), written with what was saved, s:
//           exp  dy s | log  dy / s (s = x) | sqrt  dy / (2 s) | relu  dy where s > 0, else 0 (NaN for NaN)
//           tanh  dy (1 - s^2) | sigmoid  dy s (1 - s)
// Shapes:   any, all alike. Dtypes f32, f64, bf16; computed in f32 (f64 in f64).
// Saved:    y, since the slopes are cheaper from it; x for log, whose y does not tell.
// Deterministic: each element by itself.

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/elementwise_loop.h"
#include "tensor/cpu/vec_math.h"

namespace aio {

using cpu::map_elements;

void CpuBackend::unary_forward(UnaryOp op, const View& y, const View& x) {
  dispatch_float(y.dtype, [&]<class T>() {
    using V = cpu::VecOf<T>;
    switch (op) {
      case UnaryOp::exp:
        return map_elements<T>(
            y, [](V v) { return exp(v); }, x);
      case UnaryOp::log:
        return map_elements<T>(
            y, [](V v) { return log(v); }, x);
      case UnaryOp::sqrt:
        return map_elements<T>(
            y, [](V v) { return sqrt(v); }, x);
      case UnaryOp::relu:
        return map_elements<T>(
            y, [](V v) { return max(V::zero(), v); }, x);  // v if it is NaN
      case UnaryOp::tanh:
        return map_elements<T>(
            y, [](V v) { return tanh(v); }, x);
      case UnaryOp::sigmoid:
        return map_elements<T>(
            y, [](V v) { return sigmoid(v); }, x);
    }
  });
}

void CpuBackend::unary_backward(UnaryOp op, const View& dx, const View& dy, const View& saved) {
  dispatch_float(dx.dtype, [&]<class T>() {
    using V = cpu::VecOf<T>;
    const V one = V::all(1), two = V::all(2);
    switch (op) {
      case UnaryOp::exp:
        return map_elements<T>(
            dx, [](V g, V s) { return g * s; }, dy, saved);
      case UnaryOp::log:
        return map_elements<T>(
            dx, [](V g, V s) { return g / s; }, dy, saved);
      case UnaryOp::sqrt:
        return map_elements<T>(
            dx, [two](V g, V s) { return g / (two * s); }, dy, saved);
      case UnaryOp::relu:  // s - s is 0, or NaN
        return map_elements<T>(
            dx, [](V g, V s) { return select_less(V::zero(), s, g, s - s); }, dy, saved);
      case UnaryOp::tanh:
        return map_elements<T>(
            dx, [one](V g, V s) { return g * fnma(s, s, one); }, dy, saved);
      case UnaryOp::sigmoid:
        return map_elements<T>(
            dx, [one](V g, V s) { return g * (s * (one - s)); }, dy, saved);
    }
  });
}

}  // namespace aio
