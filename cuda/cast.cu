// Elements from one dtype to another.
//
// Forward:  y[i] = T(x[i]), 16 pairs (there is no f64 on a GPU). Its gradient is the cast back.
//           Floats round to nearest even; to integers they truncate, NaN gives 0 and what does not fit the nearest end
//           of the range. i64 to u8 keeps the low byte.
// Shapes:   any, both alike, contiguous. Deterministic: each element by itself.

#include <type_traits>

#include "cuda/cuda_backend.h"
#include "cuda/map.h"

namespace aio {

namespace {

using namespace cuda;

template <class T>
inline constexpr bool is_integer = std::is_integral_v<T>;

template <class To, class From>
__device__ inline To convert(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (is_integer<To> && is_integer<From>) {
    return static_cast<To>(x);
  } else if constexpr (is_integer<From>) {
    return from_float<To>(static_cast<float>(x));
  } else if constexpr (is_integer<To>) {
    constexpr bool kByte = sizeof(To) == 1;
    constexpr float kBeyond = kByte ? 256.0F : 9223372036854775808.0F;  // one past the largest: exact in f32
    constexpr To kLowest = kByte ? To(0) : To(std::int64_t{-9223372036854775807} - 1);
    constexpr To kLargest = kByte ? To(255) : To(9223372036854775807);
    const float v = to_float(x);
    if (!(v > static_cast<float>(kLowest))) return v != v ? To(0) : kLowest;
    return v < kBeyond ? static_cast<To>(v) : kLargest;
  } else {
    return from_float<To>(to_float(x));
  }
}

template <class To, class From>
__global__ void __launch_bounds__(kMapThreads) cast_kernel(To* y, const From* x, std::int64_t n) {
  const std::int64_t i = global_thread_id();
  if (i < n) y[i] = convert<To>(x[i]);
}

/// Between f32 and bf16, eight elements a thread: the pair that mixed precision lives on.
template <class To, class From>
__global__ void __launch_bounds__(kMapThreads) cast_vectors(To* y, const From* x, std::int64_t n) {
  constexpr int N = 8;
  std::int64_t i = global_thread_id() * N;
  if (i + N <= n) {
    float v[N];
    load_vector(v, x + i);
    store_vector(y + i, v);
  } else {
    for (; i < n; ++i) y[i] = convert<To>(x[i]);
  }
}

}  // namespace

void CudaBackend::cast(const View& y, const View& x) {
  const std::int64_t n = y.numel();
  dispatch_gpu_all(y.dtype, [&]<class To>() {
    dispatch_gpu_all(x.dtype, [&]<class From>() {
      if constexpr (sizeof(To) + sizeof(From) == 6) {
        if (aligned16(y.data, x.data))
          return launch("cast", stream(), map_grid(n, 8), cast_vectors<To, From>, y.as<To>(), x.as<From>(), n);
      }
      launch("cast", stream(), map_grid(n, 1), cast_kernel<To, From>, y.as<To>(), x.as<From>(), n);
    });
  });
}

}  // namespace aio
