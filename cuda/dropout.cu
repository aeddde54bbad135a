// Dropout whose mask is a function of (key, element index): nothing is saved, and it is the CPU's mask bit by bit.
//
// Forward:  y[i] = keep(i) ? x[i] / (1 - p) : 0,  keep(i) = (bits(i) >> 8) >= ceil(p 2^24)
// Backward: the same kernel on dy, with the same key.
// Random:   bits(i) = lane i % 4 of Philox4x32-10 at counter (i / 4, call, step), key = seed; tensor/random.h.
// Shapes:   any, both alike. Dtypes f32, bf16; the factor 1 / (1 - p) in f32. In place allowed.
// Deterministic: each element by itself.

#include "cuda/cuda_backend.h"
#include "cuda/dropout_mask.h"
#include "cuda/map.h"

namespace aio {

namespace {

using namespace cuda;

constexpr int kEach = 8;  // elements of a thread: 16 bytes of bf16, two calls of the generator

template <bool kAligned, class T>
__global__ void __launch_bounds__(kMapThreads) dropout_kernel(T* y, const T* x, std::int64_t n, DropoutFactors mask) {
  const std::int64_t first = global_thread_id() * kEach;
  if (first >= n) return;
  float factor[kEach];
  mask.get(factor, first);
  if (kAligned && first + kEach <= n) {
    float v[kEach];
    load_vector(v, x + first);
#pragma unroll
    for (int j = 0; j < kEach; ++j) v[j] = drop(factor[j], v[j]);
    store_vector(y + first, v);
  } else {
#pragma unroll
    for (int j = 0; j < kEach; ++j) {
      if (first + j < n) y[first + j] = from_float<T>(drop(factor[j], to_float(x[first + j])));
    }
  }
}

}  // namespace

void CudaBackend::dropout(const View& y, const View& x, double p, const RngKey& key) {
  const std::int64_t n = y.numel();
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    const auto kernel = aligned16(y.data, x.data) ? dropout_kernel<true, T> : dropout_kernel<false, T>;
    launch("dropout", stream(), map_grid(n, kEach), kernel, y.as<T>(), x.as<T>(), n,
           DropoutFactors({p, key}, recorded_step(key)));
  });
}

}  // namespace aio
