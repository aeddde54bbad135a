// GELU, exact (no tanh approximation).
//
// Forward:  y = x Phi(x), Phi the standard normal distribution function
// Backward: dx = dy (Phi(x) + x phi(x)), phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
// Shapes:   any, all alike. Dtypes f32, bf16; computed in f32. Saved: x. In place allowed backwards.
// Limits:   gelu(-inf) = 0, gelu(inf) = inf, slopes 0 and 1; NaN stays NaN.
// Deterministic: each element by itself.
// Source:   Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016; PyTorch's gelu(approximate="none").

#include "cuda/gelu.h"

#include "cuda/cuda_backend.h"
#include "cuda/map.h"

namespace aio {

namespace {
template <class T>
struct Forward {
  __device__ float operator()(float x) const { return cuda::gelu_as<T>(x); }
};
template <class T>
struct Backward {
  __device__ float operator()(float dy, float x) const { return dy * cuda::gelu_slope_as<T>(x); }
};
}  // namespace

void CudaBackend::gelu_forward(const View& y, const View& x) {
  cuda::dispatch_gpu_float(y.dtype, [&]<class T>() {
    cuda::map<T>("gelu_forward", stream(), y.as<T>(), x.as<T>(), y.numel(), Forward<T>{});
  });
}

void CudaBackend::gelu_backward(const View& dx, const View& dy, const View& x) {
  cuda::dispatch_gpu_float(dx.dtype, [&]<class T>() {
    cuda::map<T>("gelu_backward", stream(), dx.as<T>(), dy.as<T>(), x.as<T>(), dx.numel(), Backward<T>{});
  });
}

}  // namespace aio
