// Softmax and its logarithm over the last dimension.
//
// Forward:  m = max_c x,  s = sum_c exp(x - m);  softmax y = exp(x - m) / s,  log_softmax y = (x - m) - log(s)
// Backward: softmax dx = y (dy - sum_c(dy y)),  log_softmax dx = dy - exp(y) sum_c(dy)
// Shapes:   x, y, dx, dy [R, C].
// Dtypes:   f32, f64, bf16; the row's arithmetic is in the accumulator dtype, rounded once at the end.
// Saved:    y, from which both gradients follow.
// Order:    a row is one thread's; its sums depend on C only.
// Extremes: no overflow for finite x. A row that is all -inf, or has a +inf or NaN, becomes NaN as in the formula.

#include <cmath>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/cpu/scratch.h"
#include "tensor/cpu/vec_math.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::sum_terms;
using cpu::Vec;

/// e = exp(x - max), and its sum. `e` has the accumulator dtype: in bf16 the quotient then rounds once, not twice.
template <class T>
void softmax_row(T* y, const T* x, std::int64_t C, accumulator_t<T>* e) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  const V m = V::all(cpu::max_row(x, C));
  const A sum = sum_terms<A>(C, [&](std::int64_t c, int lanes) {
    __builtin_prefetch(y + c, 1);  // written next; without it the stores of the last loop wait for memory
    const V v = exp(V::load_n(x + c, lanes) - m);
    v.store_n(e + c, lanes);
    return v;
  });
  const V scale = V::all(1 / sum);
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    cpu::prefetch_ahead(x + c);
    (V::load_n(e + c, lanes) * scale).store_n(y + c, lanes);
  });
}

template <class T>
void softmax_backward_row(T* dx, const T* dy, const T* y, std::int64_t C) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  const V dot = V::all(
      sum_terms<A>(C, [&](std::int64_t c, int lanes) { return V::load_n(dy + c, lanes) * V::load_n(y + c, lanes); }));
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    cpu::prefetch_ahead(y + c);
    cpu::prefetch_ahead(dy + c);
    (V::load_n(y + c, lanes) * (V::load_n(dy + c, lanes) - dot)).store_n(dx + c, lanes);
  });
}

/// Subtracts max and log(sum) one after the other: their sum would round away digits of a small y at large |x|.
template <class T>
void log_softmax_row(T* y, const T* x, std::int64_t C) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  const V m = V::all(cpu::max_row(x, C));
  const V log_sum =
      V::all(std::log(sum_terms<A>(C, [&](std::int64_t c, int lanes) { return exp(V::load_n(x + c, lanes) - m); })));
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    cpu::prefetch_ahead(x + c);
    (V::load_n(x + c, lanes) - m - log_sum).store_n(y + c, lanes);
  });
}

template <class T>
void log_softmax_backward_row(T* dx, const T* dy, const T* y, std::int64_t C) {
  using V = Vec<accumulator_t<T>>;
  const V sum = V::all(cpu::sum_row(dy, C));
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    cpu::prefetch_ahead(dy + c);
    fnma(exp(V::load_n(y + c, lanes)), sum, V::load_n(dy + c, lanes)).store_n(dx + c, lanes);
  });
}

}  // namespace

void CpuBackend::softmax_forward(const View& y, const View& x) {
  dispatch_float(x.dtype, [&]<class T>() {
    const std::int64_t C = x.cols();
    parallel_for(x.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      const cpu::Scratch e(static_cast<std::size_t>(C) * sizeof(accumulator_t<T>));
      for (std::int64_t i = begin; i < end; ++i)
        softmax_row(y.as<T>() + i * C, x.as<const T>() + i * C, C, e.as<accumulator_t<T>>());
    });
  });
}

void CpuBackend::softmax_backward(const View& dx, const View& dy, const View& y) {
  dispatch_float(y.dtype, [&]<class T>() {
    const std::int64_t C = y.cols();
    parallel_for(y.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * C; i < end * C; i += C)
        softmax_backward_row(dx.as<T>() + i, dy.as<const T>() + i, y.as<const T>() + i, C);
    });
  });
}

void CpuBackend::log_softmax_forward(const View& y, const View& x) {
  dispatch_float(x.dtype, [&]<class T>() {
    const std::int64_t C = x.cols();
    parallel_for(x.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) log_softmax_row(y.as<T>() + i * C, x.as<const T>() + i * C, C);
    });
  });
}

void CpuBackend::log_softmax_backward(const View& dx, const View& dy, const View& y) {
  dispatch_float(y.dtype, [&]<class T>() {
    const std::int64_t C = y.cols();
    parallel_for(y.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        log_softmax_backward_row(dx.as<T>() + i * C, dy.as<const T>() + i * C, y.as<const T>() + i * C, C);
    });
  });
}

}  // namespace aio
