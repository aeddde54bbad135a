// Scales rows to unit Euclidean length, one warp a row.
//
// Forward:  norm = sqrt(sum_c x^2),  y = x / max(norm, eps)
// Backward: dx = (dy - y sum_c(dy y)) / norm where norm >= eps, else dx = dy / eps (there y = x / eps is linear)
// Shapes:   x, y, dx, dy [R, C]; norm [R].
// Dtypes:   f32, bf16; norm f32.
// Saved:    y and norm.
// Order:    a row is one warp's; its sums depend on C only.
// Source:   torch.nn.functional.normalize(x, dim=-1, eps=eps), its gradient at norm = eps included.

#include "cuda/cuda_backend.h"
#include "cuda/row_sums.h"

namespace aio {

namespace {

using namespace cuda;

template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    l2_forward_kernel(T* y, float* norms, const T* x, std::int64_t R, std::int64_t C, float eps) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const float norm = sqrtf(row_sum<N>(C, [&](std::int64_t c, float(&t)[N]) {
    load_vector(t, x + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) t[j] *= t[j];
  }));
  const float divisor = norm < eps ? eps : norm;  // written so that a NaN norm stays NaN
  for_columns<N>(C, [&](std::int64_t c) {
    float v[N];
    load_vector(v, x + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) v[j] /= divisor;  // its reciprocal would be inf for the smallest denormals
    store_vector(y + r * C + c, v);
  });
  if (lane_id() == 0) norms[r] = norm;
}

template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    l2_backward_kernel(T* dx, const T* dy, const T* y, const float* norms, std::int64_t R, std::int64_t C, float eps) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const float norm = norms[r];
  const bool clamped = norm < eps;
  const float sum = row_sum<N>(C, [&](std::int64_t c, float(&t)[N]) {
    float v[N];
    load_vector(t, dy + r * C + c);
    load_vector(v, y + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) t[j] *= v[j];
  });
  const float projection = clamped ? 0 : sum, divisor = clamped ? eps : norm;
  for_columns<N>(C, [&](std::int64_t c) {
    float g[N], v[N];
    load_vector(g, dy + r * C + c);
    load_vector(v, y + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) g[j] = fmaf(-v[j], projection, g[j]) / divisor;
    store_vector(dx + r * C + c, g);
  });
}

}  // namespace

void CudaBackend::l2_normalize_forward(const View& y, const View& norm, const View& x, double eps) {
  const std::int64_t R = x.rows(), C = x.cols();
  dispatch_gpu_float(x.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch("l2_normalize_forward", stream(), row_grid(R), l2_forward_kernel<N, T>, y.as<T>(), norm.as<float>(),
             x.as<T>(), R, C, static_cast<float>(eps));
    };
    dispatch_columns<T>(C, run, y.as<T>(), x.as<T>());
  });
}

void CudaBackend::l2_normalize_backward(const View& dx, const View& dy, const View& y, const View& norm, double eps) {
  const std::int64_t R = y.rows(), C = y.cols();
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch("l2_normalize_backward", stream(), row_grid(R), l2_backward_kernel<N, T>, dx.as<T>(), dy.as<T>(),
             y.as<T>(), norm.as<float>(), R, C, static_cast<float>(eps));
    };
    dispatch_columns<T>(C, run, dx.as<T>(), dy.as<T>(), y.as<T>());
  });
}

}  // namespace aio
