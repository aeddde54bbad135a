// Layer normalisation of rows, one warp a row.
//
// Forward:  mean = sum_c x / C,  var = sum_c (x - mean)^2 / C,  rstd = 1 / sqrt(var + eps)
//           h = (x - mean) rstd,  y = h gamma + beta
// Backward: w = dy gamma,  dx = rstd (w - sum_c(w) / C - h sum_c(w h) / C)
//           dgamma = sum_r dy h,  dbeta = sum_r dy;  dx may have a residual's gradient added,
//           and be written once more through dropout
// Shapes:   x, y, dx, dy [R, C]; mean, rstd [R]; gamma, beta, dgamma, dbeta [C].
// Dtypes:   f32, bf16; everything but x, y, dx, dy is f32.
// Saved:    x, mean, rstd: h is recomputed, 2 numbers a row instead of C.
// Order:    a row's sums are the warp's, in an order that depends on C; dgamma and dbeta: layer_norm_backward.h for the
//           widths of models, column_sums.h for the others.
// Source:   Ba et al. 2016, equations 3 and 4; the variance is taken around the mean: E[x^2] - mean^2 loses all digits
//           at |mean| = 4000 std. The second and third pass over a row find it in L1.

#include "cuda/column_sums.h"
#include "cuda/cuda_backend.h"
#include "cuda/layer_norm_backward.h"
#include "cuda/rows.h"

namespace aio {

namespace {

using namespace cuda;

template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    layer_norm_forward_kernel(T* y, float* mean, float* rstd, const T* x, const float* gamma, const float* beta,
                              std::int64_t R, std::int64_t C, float eps) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const T* const row = x + r * C;
  float sum = 0;
  for_columns<N>(C, [&](std::int64_t c) {
    float v[N];
    load_vector(v, row + c);
#pragma unroll
    for (int j = 0; j < N; ++j) sum += v[j];
  });
  const float m = warp_sum(sum) / static_cast<float>(C);
  float squares = 0;
  for_columns<N>(C, [&](std::int64_t c) {
    float v[N];
    load_vector(v, row + c);
#pragma unroll
    for (int j = 0; j < N; ++j) squares = fmaf(v[j] - m, v[j] - m, squares);
  });
  const float s = 1 / sqrtf(warp_sum(squares) / static_cast<float>(C) + eps);
  for_columns<N>(C, [&](std::int64_t c) {
    float v[N], g[N], b[N];
    load_vector(v, row + c);
    load_vector(g, gamma + c);
    load_vector(b, beta + c);
#pragma unroll
    for (int j = 0; j < N; ++j) v[j] = fmaf((v[j] - m) * s, g[j], b[j]);
    store_vector(y + r * C + c, v);
  });
  if (lane_id() == 0) {
    mean[r] = m;
    rstd[r] = s;
  }
}

template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    layer_norm_backward_kernel(T* dx, const T* dy, const T* x, const float* mean, const float* rstd, const float* gamma,
                               const T* residual, std::int64_t R, std::int64_t C) {
  const std::int64_t r = global_warp_id();
  if (r >= R) return;
  const float m = mean[r], s = rstd[r];
  // w and h of N columns.
  const auto terms = [&](std::int64_t c, float(&w)[N], float(&h)[N]) {
    float g[N];
    load_vector(h, x + r * C + c);
    load_vector(w, dy + r * C + c);
    load_vector(g, gamma + c);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      h[j] = (h[j] - m) * s;
      w[j] *= g[j];
    }
  };
  float sum_w = 0, sum_wh = 0;
  for_columns<N>(C, [&](std::int64_t c) {
    float w[N], h[N];
    terms(c, w, h);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      sum_w += w[j];
      sum_wh = fmaf(w[j], h[j], sum_wh);
    }
  });
  const float mean_w = warp_sum(sum_w) / static_cast<float>(C), mean_wh = warp_sum(sum_wh) / static_cast<float>(C);
  for_columns<N>(C, [&](std::int64_t c) {
    float w[N], h[N];
    terms(c, w, h);
#pragma unroll
    for (int j = 0; j < N; ++j) w[j] = s * fmaf(-h[j], mean_wh, w[j] - mean_w);
    if (residual != nullptr) {
      load_vector(h, residual + r * C + c);
#pragma unroll
      for (int j = 0; j < N; ++j) w[j] += h[j];
    }
    store_vector(dx + r * C + c, w);
  });
}

/// The terms of dgamma and dbeta.
template <class T>
struct ParameterTerms {
  static constexpr int kTerms = 2;
  const T *dy, *x;
  const float *mean, *rstd;
  std::int64_t C;
  template <int N>
  __device__ void operator()(std::int64_t, std::int64_t r, std::int64_t c, float (&t)[2][N]) const {
    load_vector(t[0], x + r * C + c);
    load_vector(t[1], dy + r * C + c);
    const float m = mean[r], s = rstd[r];
#pragma unroll
    for (int j = 0; j < N; ++j) t[0][j] = t[1][j] * ((t[0][j] - m) * s);
  }
};

}  // namespace

void CudaBackend::layer_norm_forward(const View& y, const View& mean, const View& rstd, const View& x,
                                     const View& gamma, const View& beta, double eps) {
  const std::int64_t R = x.rows(), C = x.cols();
  dispatch_gpu_float(x.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch("layer_norm_forward", stream(), row_grid(R), layer_norm_forward_kernel<N, T>, y.as<T>(), mean.as<float>(),
             rstd.as<float>(), x.as<T>(), gamma.as<float>(), beta.as<float>(), R, C, static_cast<float>(eps));
    };
    dispatch_columns<T>(C, run, y.as<T>(), x.as<T>(), gamma.as<float>(), beta.as<float>());
  });
}

void CudaBackend::layer_norm_backward(const View& dx, const View& dgamma, const View& dbeta, const View& dy,
                                      const View& x, const View& mean, const View& rstd, const View& gamma,
                                      const View* residual, const DroppedCopy* dropped) {
  const std::int64_t R = x.rows(), C = x.cols();
  dispatch_gpu_float(x.dtype, [&]<class T>() {
    const T* const added = residual == nullptr ? nullptr : residual->as<T>();
    T* const more = dropped == nullptr ? nullptr : dropped->y.as<T>();
    if (aligned16(dx.data, dy.data, x.data, gamma.data, added, more) && dispatch_norm_columns(C, [&]<int N, int V>() {
          const std::int64_t chunk_rows = norm_chunk_rows(R), chunks = (R + chunk_rows - 1) / chunk_rows;
          const Scratch scratch(allocator(), static_cast<std::size_t>(2 * chunks * C) * sizeof(float));
          float* const partial = scratch.as<float>();
          launch(
              "layer_norm_backward", stream(), {static_cast<unsigned>(chunks), kWarp * kNormWarps},
              layer_norm_backward_rows<N, V, T>, dx.as<T>(), partial, dy.as<T>(), x.as<T>(), mean.as<float>(),
              rstd.as<float>(), gamma.as<float>(), added, more,
              dropped == nullptr ? DropoutFactors{} : DropoutFactors(dropped->mask, recorded_step(dropped->mask.key)),
              R, chunk_rows);
          launch("layer_norm_backward", stream(), map_grid(2 * C, 1), sum_few<float, float>, dgamma.as<float>(),
                 dbeta.as<float>(), partial, C, chunks, C);
        }))
      return;
    const auto run = [&]<int N>() {
      launch("layer_norm_backward", stream(), row_grid(R), layer_norm_backward_kernel<N, T>, dx.as<T>(), dy.as<T>(),
             x.as<T>(), mean.as<float>(), rstd.as<float>(), gamma.as<float>(), added, R, C);
      column_sums<N, float>("layer_norm_backward", stream(), allocator(), {dgamma.as<float>(), dbeta.as<float>()}, 1, R,
                            C, ParameterTerms<T>{dy.as<T>(), x.as<T>(), mean.as<float>(), rstd.as<float>(), C});
    };
    dispatch_columns<T>(C, run, dx.as<T>(), dy.as<T>(), x.as<T>(), gamma.as<float>(), added);
    if (dropped != nullptr) dropout(dropped->y, dx, dropped->mask.p, dropped->mask.key);
  });
}

}  // namespace aio
