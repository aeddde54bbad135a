// Binary cross-entropy with logits, element by element.
//
// Forward:  loss = max(x, 0) - x t + log(1 + exp(-|x|)) = -t log p - (1 - t) log(1 - p),  p = 1 / (1 + exp(-x))
// Backward: dx = dloss (p - t) = dloss ((1 - t) p - t (1 - p)), the second form without cancellation for t = 0 and 1
// Shapes:   all the same; any.
// Dtypes:   f32, f64, bf16, all operands alike; arithmetic in the accumulator dtype.
// Saved:    x and t.
// Order:    no sums.
// Source:   torch.nn.functional.binary_cross_entropy_with_logits(reduction="none").

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/cpu/vec_math.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::Vec;

/// log(1 + e) for e in [0, 1] to one rounding error: 2 artanh(z) = 2 (z + z^3/3 + z^5/5 + ...), z = e / (2 + e) <= 1/3.
/// The first term left out, z^(2k+1) / (2k+1) with k = 8 (f32) or 17 (f64), is below 5e-10 z and 2e-18 z.
template <class A>
Vec<A> log1p_unit(Vec<A> e) {
  using V = Vec<A>;
  constexpr int kTerms = sizeof(A) == 4 ? 8 : 17;
  const V z = e / (V::all(2) + e);
  const V square = z * z;
  V series = V::zero();
  for (int k = kTerms - 1; k >= 0; --k) series = fma(series, square, V::all(A{1} / static_cast<A>(2 * k + 1)));
  return (z + z) * series;
}

constexpr std::int64_t kGrain = 8192;

}  // namespace

void CpuBackend::binary_cross_entropy_forward(const View& loss, const View& x, const View& target) {
  dispatch_float(x.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    using V = Vec<A>;
    parallel_for(x.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      for_lanes<V::kWidth>(end - begin, [&](std::int64_t i, int lanes) {
        const V v = V::load_n(x.as<const T>() + begin + i, lanes);
        const V t = V::load_n(target.as<const T>() + begin + i, lanes);
        const V positive = select_less(v, V::zero(), V::zero(), v);  // a NaN stays
        const V softplus = log1p_unit(exp(V::zero() - abs(v)));
        (fnma(v, t, positive) + softplus).store_n(loss.as<T>() + begin + i, lanes);
      });
    });
  });
}

void CpuBackend::binary_cross_entropy_backward(const View& dx, const View& dloss, const View& x, const View& target) {
  dispatch_float(x.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    using V = Vec<A>;
    parallel_for(x.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      const V one = V::all(1);
      for_lanes<V::kWidth>(end - begin, [&](std::int64_t i, int lanes) {
        const V v = V::load_n(x.as<const T>() + begin + i, lanes);
        const V t = V::load_n(target.as<const T>() + begin + i, lanes);
        const V e = exp(V::zero() - abs(v));
        const V large = one / (one + e), small = e * large;  // p and 1 - p, or the other way round for x < 0
        const V p = select_less(v, V::zero(), small, large), q = select_less(v, V::zero(), large, small);
        const V slope = fnma(t, q, (one - t) * p);
        (V::load_n(dloss.as<const T>() + begin + i, lanes) * slope).store_n(dx.as<T>() + begin + i, lanes);
      });
    });
  });
}

}  // namespace aio
