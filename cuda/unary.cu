// exp, log, sqrt, relu, tanh, sigmoid.
//
// Forward:  y = f(x); relu(NaN) = NaN
// Backward: dx = dy f'(x), written with what was saved, s:
//           exp  dy s | log  dy / s (s = x) | sqrt  dy / (2 s) | relu  dy where s > 0, else 0 (NaN for NaN)
//           tanh  dy (1 - s^2) | sigmoid  dy s (1 - s)
// Shapes:   any, all alike. Dtypes f32, bf16; computed in f32.
// Saved:    y, since the slopes are cheaper from it; x for log, whose y does not tell.
// Deterministic: each element by itself.

#include "cuda/cuda_backend.h"
#include "cuda/map.h"

namespace aio {

namespace {

using namespace cuda;

template <UnaryOp op>
struct Forward {
  __device__ float operator()(float x) const {
    if constexpr (op == UnaryOp::exp) return expf(x);
    if constexpr (op == UnaryOp::log) return logf(x);
    if constexpr (op == UnaryOp::sqrt) return sqrtf(x);
    if constexpr (op == UnaryOp::relu) return x < 0 ? 0 : x;
    if constexpr (op == UnaryOp::tanh) return tanhf(x);
    if constexpr (op == UnaryOp::sigmoid) return 1 / (1 + expf(-x));
  }
};

template <UnaryOp op>
struct Backward {
  __device__ float operator()(float dy, float s) const {
    if constexpr (op == UnaryOp::exp) return dy * s;
    if constexpr (op == UnaryOp::log) return dy / s;
    if constexpr (op == UnaryOp::sqrt) return dy / (2 * s);
    if constexpr (op == UnaryOp::relu) return s > 0 ? dy : s - s;  // s - s is 0, or NaN
    if constexpr (op == UnaryOp::tanh) return dy * fmaf(-s, s, 1);
    if constexpr (op == UnaryOp::sigmoid) return dy * (s * (1 - s));
  }
};

/// body.operator()<op>() with the op as a constant.
template <class Body>
void dispatch_op(UnaryOp op, Body&& body) {
  switch (op) {
    case UnaryOp::exp: return body.template operator()<UnaryOp::exp>();
    case UnaryOp::log: return body.template operator()<UnaryOp::log>();
    case UnaryOp::sqrt: return body.template operator()<UnaryOp::sqrt>();
    case UnaryOp::relu: return body.template operator()<UnaryOp::relu>();
    case UnaryOp::tanh: return body.template operator()<UnaryOp::tanh>();
    case UnaryOp::sigmoid: return body.template operator()<UnaryOp::sigmoid>();
  }
}

}  // namespace

void CudaBackend::unary_forward(UnaryOp op, const View& y, const View& x) {
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    dispatch_op(op, [&]<UnaryOp kind>() {
      map<T>("unary_forward", stream(), y.as<T>(), x.as<T>(), y.numel(), Forward<kind>{});
    });
  });
}

void CudaBackend::unary_backward(UnaryOp op, const View& dx, const View& dy, const View& saved) {
  dispatch_gpu_float(dx.dtype, [&]<class T>() {
    dispatch_op(op, [&]<UnaryOp kind>() {
      map<T>("unary_backward", stream(), dx.as<T>(), dy.as<T>(), saved.as<T>(), dx.numel(), Backward<kind>{});
    });
  });
}

}  // namespace aio
