// Scales rows to unit Euclidean length.
//
// Forward:  norm = sqrt(sum_c x^2),  y = x / max(norm, eps)
// Backward: dx = (dy - y sum_c(dy y)) / norm where norm >= eps, else dx = dy / eps (there y = x / eps is linear)
// Shapes:   x, y, dx, dy [R, C]; norm [R].
// Dtypes:   f32, f64, bf16; norm has the accumulator dtype.
// Saved:    y and norm.
// Order:    a row is one thread's; its sums depend on C only.
// Source:   torch.nn.functional.normalize(x, dim=-1, eps=eps), its gradient at norm = eps included.

#include <algorithm>
#include <cmath>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::sum_terms;
using cpu::Vec;

/// Returns the norm. Divides by it, as the formula does: its reciprocal would be inf for the smallest denormals.
template <class T>
accumulator_t<T> normalize_row(T* y, const T* x, std::int64_t C, double eps) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  const A norm = std::sqrt(sum_terms<A>(C, [&](std::int64_t c, int lanes) {
    const V v = V::load_n(x + c, lanes);
    return v * v;
  }));
  // Written so that a NaN norm stays NaN.
  const V divisor = V::all(norm < static_cast<A>(eps) ? static_cast<A>(eps) : norm);
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    cpu::prefetch_ahead(x + c);
    (V::load_n(x + c, lanes) / divisor).store_n(y + c, lanes);
  });
  return norm;
}

template <class T>
void backward_row(T* dx, const T* dy, const T* y, accumulator_t<T> norm, std::int64_t C, double eps) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  const bool clamped = norm < static_cast<A>(eps);
  const auto dy_times_y = [&](std::int64_t c, int lanes) { return V::load_n(dy + c, lanes) * V::load_n(y + c, lanes); };
  const V dot = V::all(clamped ? A{0} : sum_terms<A>(C, dy_times_y));
  const V divisor = V::all(clamped ? static_cast<A>(eps) : norm);
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    cpu::prefetch_ahead(y + c);
    cpu::prefetch_ahead(dy + c);
    (fnma(V::load_n(y + c, lanes), dot, V::load_n(dy + c, lanes)) / divisor).store_n(dx + c, lanes);
  });
}

}  // namespace

void CpuBackend::l2_normalize_forward(const View& y, const View& norm, const View& x, double eps) {
  dispatch_float(x.dtype, [&]<class T>() {
    const std::int64_t C = x.cols();
    parallel_for(x.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        norm.as<accumulator_t<T>>()[i] = normalize_row(y.as<T>() + i * C, x.as<const T>() + i * C, C, eps);
    });
  });
}

void CpuBackend::l2_normalize_backward(const View& dx, const View& dy, const View& y, const View& norm, double eps) {
  dispatch_float(y.dtype, [&]<class T>() {
    const std::int64_t C = y.cols();
    parallel_for(y.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        backward_row(dx.as<T>() + i * C, dy.as<const T>() + i * C, y.as<const T>() + i * C,
                     norm.as<const accumulator_t<T>>()[i], C, eps);
      }
    });
  });
}

}  // namespace aio
