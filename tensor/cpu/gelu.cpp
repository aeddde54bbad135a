// GELU, exact (no tanh approximation).
//
// Forward:  y = x Phi(x), Phi the standard normal distribution function
// Backward: dx = dy (Phi(x) + x phi(x)), phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
// Shapes:   any, all alike. Dtypes f32, f64, bf16; computed in f32 (f64 in f64). Saved: x. In place allowed backwards.
// Limits:   gelu(-inf) = 0, gelu(inf) = inf, slopes 0 and 1; NaN stays NaN.
// Deterministic: each element by itself.
// Source:   Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016; PyTorch's gelu(approximate="none").

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/elementwise_loop.h"
#include "tensor/cpu/vec_math.h"

namespace aio {

void CpuBackend::gelu_forward(const View& y, const View& x) {
  dispatch_float(y.dtype, [&]<class T>() {
    using V = cpu::VecOf<T>;
    cpu::map_elements<T>(
        y, [](V v) __attribute__((always_inline)) { return gelu(v); }, x);
  });
}

void CpuBackend::gelu_backward(const View& dx, const View& dy, const View& x) {
  dispatch_float(dx.dtype, [&]<class T>() {
    using V = cpu::VecOf<T>;
    cpu::map_elements<T>(
        dx, [](V g, V v) __attribute__((always_inline)) { return g * gelu_grad(v); }, dy, x);
  });
}

}  // namespace aio
