// Dropout whose mask is a function of (key, element index): nothing is saved, and it is the CPU's mask bit by bit.
//
// Forward:  y[i] = keep(i) ? x[i] / (1 - p) : 0,  keep(i) = (bits(i) >> 8) >= ceil(p 2^24)
// Backward: the same kernel on dy, with the same key.
// Random:   bits(i) = lane i % 4 of Philox4x32-10 at counter (i / 4, call, step), key = seed; tensor/random.h.
// Shapes:   any, both alike. Dtypes f32, bf16; the factor 1 / (1 - p) in f32. In place allowed.
// Deterministic: each element by itself.

#include "cuda/cuda_backend.h"
#include "cuda/map.h"

namespace aio {

namespace {

using namespace cuda;

constexpr int kEach = 8;  // elements of a thread: 16 bytes of bf16, two calls of the generator

/// random_bits of tensor/random.h.
__device__ inline Philox4 bits_of_group(const RngKey& key, std::uint64_t group) {
  return philox4x32_10(
      {{static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(group >> 32), key.call, key.step}},
      static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32));
}

template <bool kAligned, class T>
__global__ void __launch_bounds__(kMapThreads)
    dropout_kernel(T* y, const T* x, std::int64_t n, std::uint32_t threshold, float scale, RngKey key) {
  const std::int64_t first = global_thread_id() * kEach;
  if (first >= n) return;
  float factor[kEach];
#pragma unroll
  for (int j = 0; j < kEach; j += 4) {
    const Philox4 random = bits_of_group(key, static_cast<std::uint64_t>(first + j) / 4);
#pragma unroll
    for (int k = 0; k < 4; ++k) factor[j + k] = random.v[k] >> 8 >= threshold ? scale : 0;
  }
  if (kAligned && first + kEach <= n) {
    float v[kEach];
    load_vector(v, x + first);
#pragma unroll
    for (int j = 0; j < kEach; ++j) v[j] = factor[j] != 0 ? factor[j] * v[j] : 0;  // of a NaN, too, 0 is left
    store_vector(y + first, v);
  } else {
#pragma unroll
    for (int j = 0; j < kEach; ++j) {
      if (first + j < n) y[first + j] = from_float<T>(factor[j] != 0 ? factor[j] * to_float(x[first + j]) : 0);
    }
  }
}

}  // namespace

void CudaBackend::dropout(const View& y, const View& x, double p, const RngKey& key) {
  const std::int64_t n = y.numel();
  const auto scale = static_cast<float>(p < 1 ? 1 / (1 - p) : 0);
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    const auto kernel = aligned16(y.data, x.data) ? dropout_kernel<true, T> : dropout_kernel<false, T>;
    launch("dropout", stream(), map_grid(n, kEach), kernel, y.as<T>(), x.as<T>(), n, dropout_threshold(p), scale, key);
  });
}

}  // namespace aio
