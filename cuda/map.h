#pragma once
// Elementwise kernels: y[i] = f(a[i]) and y[i] = f(a[i], b[i]), computed in f32. y may be a or b.
//
// A thread takes one vector of 16 bytes; the last one of a ragged end takes its elements one by one, and so does every
// thread where a tensor begins off a multiple of 16 bytes (a view).

#include "cuda/dispatch.h"
#include "cuda/gpu.h"

namespace aio::cuda {

inline constexpr int kMapThreads = 256;

template <int N, class T, class F>
__device__ inline void map_vector(T* y, const T* a, F f) {
  float u[N];
  load_vector(u, a);
#pragma unroll
  for (int j = 0; j < N; ++j) u[j] = f(u[j]);
  store_vector(y, u);
}
template <int N, class T, class F>
__device__ inline void map_vector(T* y, const T* a, const T* b, F f) {
  float u[N], v[N];
  load_vector(u, a);
  load_vector(v, b);
#pragma unroll
  for (int j = 0; j < N; ++j) u[j] = f(u[j], v[j]);
  store_vector(y, u);
}

template <int N, class T, class F>
__global__ void __launch_bounds__(kMapThreads) map_one(T* y, const T* a, std::int64_t n, F f) {
  std::int64_t i = global_thread_id() * N;
  if (i + N <= n) {
    map_vector<N>(y + i, a + i, f);
  } else {
    for (; i < n; ++i) map_vector<1>(y + i, a + i, f);
  }
}

template <int N, class T, class F>
__global__ void __launch_bounds__(kMapThreads) map_two(T* y, const T* a, const T* b, std::int64_t n, F f) {
  std::int64_t i = global_thread_id() * N;
  if (i + N <= n) {
    map_vector<N>(y + i, a + i, b + i, f);
  } else {
    for (; i < n; ++i) map_vector<1>(y + i, a + i, b + i, f);
  }
}

/// The grid for n elements, N a thread.
inline Grid map_grid(std::int64_t n, int N) { return {blocks_for(n, std::int64_t{kMapThreads} * N), kMapThreads}; }

template <class T, class F>
void map(const char* name, Stream stream, T* y, const T* a, std::int64_t n, F f) {
  if (aligned16(y, a)) {
    launch(name, stream, map_grid(n, kVector<T>), map_one<kVector<T>, T, F>, y, a, n, f);
  } else {
    launch(name, stream, map_grid(n, 1), map_one<1, T, F>, y, a, n, f);
  }
}

template <class T, class F>
void map(const char* name, Stream stream, T* y, const T* a, const T* b, std::int64_t n, F f) {
  if (aligned16(y, a, b)) {
    launch(name, stream, map_grid(n, kVector<T>), map_two<kVector<T>, T, F>, y, a, b, n, f);
  } else {
    launch(name, stream, map_grid(n, 1), map_two<1, T, F>, y, a, b, n, f);
  }
}

}  // namespace aio::cuda
