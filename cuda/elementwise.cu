// Arithmetic and selection, element by element.
//
// binary       y = a op b, op one of + - * /; a and b of y's shape or a trailing part of it, which then repeats
// axpby        y = alpha x + beta y (beta = 0 does not read y)
// affine       y = scale x + shift
// scale_rows   y[r, :] = s[r] x[r, :]
// where        y = condition ? a : b;  masked_fill  y = mask ? value : x   (these two for every dtype)
// Dtypes:      f32, bf16; computed in f32; s f32, masks u8.
// Deterministic: each element by itself.

#include "cuda/cuda_backend.h"
#include "cuda/map.h"
#include "tensor/cpu/convert.h"

namespace aio {

namespace {

using namespace cuda;

struct Add {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct Subtract {
  __device__ float operator()(float a, float b) const { return a - b; }
};
struct Multiply {
  __device__ float operator()(float a, float b) const { return a * b; }
};
struct Divide {
  __device__ float operator()(float a, float b) const { return a / b; }
};

struct Affine {
  float scale, shift;
  __device__ float operator()(float x) const { return fmaf(scale, x, shift); }
};
struct Scale {
  float scale;
  __device__ float operator()(float x) const { return scale * x; }
};
struct Combine {
  float alpha, beta;
  __device__ float operator()(float x, float y) const { return fmaf(alpha, x, beta * y); }
};

/// i modulo an operand's period; the 32-bit division is some four times as fast.
__device__ inline std::int64_t repeated(std::int64_t i, std::int64_t period, std::int64_t n) {
  if (period == n) return i;
  if (n <= 0xFFFFFFFF) return static_cast<std::uint32_t>(i) % static_cast<std::uint32_t>(period);
  return i % period;
}

/// N divides both periods and n.
template <int N, class T, class F>
__global__ void __launch_bounds__(kMapThreads)
    binary_repeated(T* y, const T* a, std::int64_t period_a, const T* b, std::int64_t period_b, std::int64_t n, F f) {
  const std::int64_t i = global_thread_id() * N;
  if (i < n) map_vector<N>(y + i, f, a + repeated(i, period_a, n), b + repeated(i, period_b, n));
}

template <class T, class F>
void binary_typed(Stream stream, const View& y, const View& a, const View& b, F f) {
  T *const out = y.as<T>(), *const in_a = a.as<T>(), *const in_b = b.as<T>();
  const std::int64_t n = y.numel(), period_a = a.numel(), period_b = b.numel();
  if (period_a == n && period_b == n) return map<T>("binary", stream, out, in_a, in_b, n, f);
  constexpr int N = kVector<T>;
  if (aligned16(out, in_a, in_b) && period_a % N == 0 && period_b % N == 0) {
    launch("binary", stream, map_grid(n, N), binary_repeated<N, T, F>, out, in_a, period_a, in_b, period_b, n, f);
  } else {
    launch("binary", stream, map_grid(n, 1), binary_repeated<1, T, F>, out, in_a, period_a, in_b, period_b, n, f);
  }
}

/// N divides cols.
template <int N, class T>
__global__ void __launch_bounds__(kMapThreads)
    scale_rows_kernel(T* y, const T* x, const float* s, std::int64_t n, std::int64_t cols) {
  const std::int64_t i = global_thread_id() * N;
  if (i < n) map_vector<N>(y + i, Scale{s[i / cols]}, x + i);
}

template <class Word>
__global__ void __launch_bounds__(kMapThreads)
    where_kernel(Word* y, const std::uint8_t* condition, const Word* a, const Word* b, std::int64_t n) {
  const std::int64_t i = global_thread_id();
  if (i < n) y[i] = condition[i] != 0 ? a[i] : b[i];
}

template <class Word>
__global__ void __launch_bounds__(kMapThreads)
    masked_fill_kernel(Word* y, const Word* x, const std::uint8_t* mask, Word value, std::int64_t n) {
  const std::int64_t i = global_thread_id();
  if (i < n) y[i] = mask[i] != 0 ? value : x[i];
}

}  // namespace

void CudaBackend::binary(BinaryOp op, const View& y, const View& a, const View& b) {
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    switch (op) {
      case BinaryOp::add: return binary_typed<T>(stream(), y, a, b, Add{});
      case BinaryOp::sub: return binary_typed<T>(stream(), y, a, b, Subtract{});
      case BinaryOp::mul: return binary_typed<T>(stream(), y, a, b, Multiply{});
      case BinaryOp::div: return binary_typed<T>(stream(), y, a, b, Divide{});
    }
  });
}

void CudaBackend::axpby(const View& y, double alpha, const View& x, double beta) {
  const auto scale = static_cast<float>(alpha), keep = static_cast<float>(beta);
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    if (beta == 0) {
      map<T>("axpby", stream(), y.as<T>(), x.as<T>(), y.numel(), Scale{scale});
    } else {
      map<T>("axpby", stream(), y.as<T>(), x.as<T>(), y.as<T>(), y.numel(), Combine{scale, keep});
    }
  });
}

void CudaBackend::affine(const View& y, const View& x, double scale, double shift) {
  const Affine f{static_cast<float>(scale), static_cast<float>(shift)};
  dispatch_gpu_float(y.dtype, [&]<class T>() { map<T>("affine", stream(), y.as<T>(), x.as<T>(), y.numel(), f); });
}

void CudaBackend::scale_rows(const View& y, const View& x, const View& s) {
  const std::int64_t n = y.numel();
  if (n == 0) return;
  const std::int64_t cols = n / s.numel();
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    constexpr int N = kVector<T>;
    T *const out = y.as<T>(), *const in = x.as<T>();
    if (aligned16(out, in) && cols % N == 0) {
      launch("scale_rows", stream(), map_grid(n, N), scale_rows_kernel<N, T>, out, in, s.as<float>(), n, cols);
    } else {
      launch("scale_rows", stream(), map_grid(n, 1), scale_rows_kernel<1, T>, out, in, s.as<float>(), n, cols);
    }
  });
}

void CudaBackend::where(const View& y, const View& condition, const View& a, const View& b) {
  dispatch_gpu_word(y.dtype, [&]<class Word>() {
    launch("where", stream(), map_grid(y.numel(), 1), where_kernel<Word>, y.as<Word>(), condition.as<std::uint8_t>(),
           a.as<Word>(), b.as<Word>(), y.numel());
  });
}

void CudaBackend::masked_fill(const View& y, const View& x, const View& mask, double value) {
  dispatch_gpu_all(y.dtype, [&]<class T>() {
    const T element = cpu::convert<T>(value);
    dispatch_gpu_word(y.dtype, [&]<class Word>() {
      if constexpr (sizeof(Word) == sizeof(T)) {
        launch("masked_fill", stream(), map_grid(y.numel(), 1), masked_fill_kernel<Word>, y.as<Word>(), x.as<Word>(),
               mask.as<std::uint8_t>(), std::bit_cast<Word>(element), y.numel());
      }
    });
  });
}

}  // namespace aio
