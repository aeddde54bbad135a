// Softmax and its logarithm over the last dimension, one warp a row.
//
// Forward:  m = max_c x,  s = sum_c exp(x - m);  softmax y = exp(x - m) / s,  log_softmax y = (x - m) - log(s)
// Backward: softmax dx = y (dy - sum_c(dy y)),  log_softmax dx = dy - exp(y) sum_c(dy)
// Shapes:   x, y, dx, dy [R, C].
// Dtypes:   f32, bf16; the row's arithmetic is in f32, rounded once at the end.
// Saved:    y, from which both gradients follow.
// Order:    a row is one warp's; its sums depend on C only.
// Extremes: no overflow for finite x. A row that is all -inf, or has a +inf or NaN, becomes NaN as in the formula.

#include "cuda/cuda_backend.h"
#include "cuda/row_sums.h"

namespace aio {

namespace {

using namespace cuda;

template <int N, bool logarithm, class T>
__global__ void __launch_bounds__(kRowThreads) forward_kernel(T* y, const T* x, std::int64_t R, std::int64_t C) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const T* const row = x + r * C;
  const float m = row_max<N>(row, C);
  const float s = row_sum<N>(C, [&](std::int64_t c, float(&t)[N]) {
    load_vector(t, row + c);
#pragma unroll
    for (int j = 0; j < N; ++j) t[j] = expf(t[j] - m);
  });
  const float scale = 1 / s, log_sum = logf(s);
  for_columns<N>(C, [&](std::int64_t c) {
    float v[N];
    load_vector(v, row + c);
    // Max and log(sum) one after the other: their sum would round away digits of a small y at large |x|.
#pragma unroll
    for (int j = 0; j < N; ++j) v[j] = logarithm ? (v[j] - m) - log_sum : expf(v[j] - m) * scale;
    store_vector(y + r * C + c, v);
  });
}

template <int N, bool logarithm, class T>
__global__ void __launch_bounds__(kRowThreads)
    backward_kernel(T* dx, const T* dy, const T* y, std::int64_t R, std::int64_t C) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const float sum = row_sum<N>(C, [&](std::int64_t c, float(&t)[N]) {
    load_vector(t, dy + r * C + c);
    if (logarithm) return;
    float v[N];
    load_vector(v, y + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) t[j] *= v[j];
  });
  for_columns<N>(C, [&](std::int64_t c) {
    float g[N], v[N];
    load_vector(g, dy + r * C + c);
    load_vector(v, y + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) g[j] = logarithm ? fmaf(-expf(v[j]), sum, g[j]) : v[j] * (g[j] - sum);
    store_vector(dx + r * C + c, g);
  });
}

template <bool logarithm>
void forward(const char* name, Stream stream, const View& y, const View& x) {
  const std::int64_t R = x.rows(), C = x.cols();
  dispatch_gpu_float(x.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch(name, stream, row_grid(R), forward_kernel<N, logarithm, T>, y.as<T>(), x.as<T>(), R, C);
    };
    dispatch_columns<T>(C, run, y.as<T>(), x.as<T>());
  });
}

template <bool logarithm>
void backward(const char* name, Stream stream, const View& dx, const View& dy, const View& y) {
  const std::int64_t R = y.rows(), C = y.cols();
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch(name, stream, row_grid(R), backward_kernel<N, logarithm, T>, dx.as<T>(), dy.as<T>(), y.as<T>(), R, C);
    };
    dispatch_columns<T>(C, run, dx.as<T>(), dy.as<T>(), y.as<T>());
  });
}

}  // namespace

void CudaBackend::softmax_forward(const View& y, const View& x) { forward<false>("softmax_forward", stream(), y, x); }
void CudaBackend::softmax_backward(const View& dx, const View& dy, const View& y) {
  backward<false>("softmax_backward", stream(), dx, dy, y);
}
void CudaBackend::log_softmax_forward(const View& y, const View& x) {
  forward<true>("log_softmax_forward", stream(), y, x);
}
void CudaBackend::log_softmax_backward(const View& dx, const View& dy, const View& y) {
  backward<true>("log_softmax_backward", stream(), dx, dy, y);
}

}  // namespace aio
