#pragma once
// Elementwise kernels: y[i] = f(a[i]), f(a[i], b[i]) or f(a[i], b[i], c[i]), computed in f32. y may be one of the
// inputs.
//
// A thread takes one vector of 16 bytes; the last one of a ragged end takes its elements one by one, and so does every
// thread where a tensor begins off a multiple of 16 bytes (a view).

#include <utility>

#include "cuda/dispatch.h"
#include "cuda/gpu.h"

namespace aio::cuda {

inline constexpr int kMapThreads = 256;

/// y[0..N) = f(in[0..N)...); In is T.
template <int N, class T, class F, class... In>
__device__ inline void map_vector(T* y, F f, const In*... in) {
  float u[sizeof...(In)][N];
  int loaded = 0;
  (load_vector(u[loaded++], in), ...);
  [&]<std::size_t... k>(std::index_sequence<k...>) {
#pragma unroll
    for (int j = 0; j < N; ++j) u[0][j] = f(u[k][j]...);
  }
  (std::index_sequence_for<In...>{});
  store_vector(y, u[0]);
}

template <int N, class T, class F, class... In>
__global__ void __launch_bounds__(kMapThreads) map_kernel(T* y, std::int64_t n, F f, const In*... in) {
  std::int64_t i = global_thread_id() * N;
  if (i + N <= n) {
    map_vector<N>(y + i, f, (in + i)...);
  } else {
    for (; i < n; ++i) map_vector<1>(y + i, f, (in + i)...);
  }
}

/// The grid for n elements, N a thread.
inline Grid map_grid(std::int64_t n, int N) { return {blocks_for(n, std::int64_t{kMapThreads} * N), kMapThreads}; }

template <class T, class F, class... In>
void map_inputs(const char* name, Stream stream, T* y, std::int64_t n, F f, const In*... in) {
  if (aligned16(y, in...)) {
    launch(name, stream, map_grid(n, kVector<T>), map_kernel<kVector<T>, T, F, In...>, y, n, f, in...);
  } else {
    launch(name, stream, map_grid(n, 1), map_kernel<1, T, F, In...>, y, n, f, in...);
  }
}

template <class T, class F>
void map(const char* name, Stream stream, T* y, const T* a, std::int64_t n, F f) {
  map_inputs(name, stream, y, n, f, a);
}
template <class T, class F>
void map(const char* name, Stream stream, T* y, const T* a, const T* b, std::int64_t n, F f) {
  map_inputs(name, stream, y, n, f, a, b);
}
template <class T, class F>
void map(const char* name, Stream stream, T* y, const T* a, const T* b, const T* c, std::int64_t n, F f) {
  map_inputs(name, stream, y, n, f, a, b, c);
}

}  // namespace aio::cuda
