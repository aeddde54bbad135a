// AdamW over flat buffers: one pass, 16 bytes read and 12 written a parameter (14 with a bf16 shadow).
//
// With g = grad_scale * grad, c1 = 1 - beta1^step, c2 = 1 - beta2^step (both 1 without bias correction):
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2                              (all variants)
//   hf:       p -= lr sqrt(c2) / c1 * m / (sqrt(v) + eps),  then p -= lr wd p                 (eps before correction)
//   torch:    p -= lr wd p,  then p -= lr / c1 * m / (sqrt(v / c2) + eps)
//   adam_l2:  g += wd p first,  then p -= lr / c1 * m / (sqrt(v / c2) + eps)                  (decay enters m and v)
// Shapes:   param, grad, m, v, shadow [n]; segments give the runs to update, with their lr and wd.
// Dtypes:   f32 or f64; shadow bf16 = round(param). The scalars are computed in f64 and rounded once.
// Order:    elementwise: every thread count gives the same bits. Elements outside the segments are not touched.
// Source:   hf: transformers 4.2.1 optimization.py AdamW.step; torch: torch.optim.AdamW; adam_l2: torch.optim.Adam.

#include "tensor/adamw_coefficients.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/segments.h"
#include "tensor/cpu/simd.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::Vec;

template <class T>
void update(T* param, const T* grad, T* m, T* v, bf16* shadow, std::int64_t n, const AdamWStep& step,
            const AdamWCoefficients& k) {
  using V = Vec<T>;
  const auto all = [](double value) { return V::all(static_cast<T>(value)); };
  const V beta1 = all(step.beta1), new1 = all(1 - step.beta1), beta2 = all(step.beta2), new2 = all(1 - step.beta2);
  const V grad_scale = all(step.grad_scale), eps = all(step.eps), l2 = all(k.l2), decay_before = all(k.decay_before);
  const V rate = all(k.rate), root_scale = all(k.root_scale), decay_after = all(k.decay_after);
  for_lanes<V::kWidth>(n, [&](std::int64_t i, int lanes) {
    V p = V::load_n(param + i, lanes);
    const V g = fma(l2, p, grad_scale * V::load_n(grad + i, lanes));
    const V mean = fma(beta1, V::load_n(m + i, lanes), new1 * g);
    const V square = fma(beta2, V::load_n(v + i, lanes), new2 * (g * g));
    p = fnma(decay_before, p, p);
    p = fnma(rate, mean / fma(sqrt(square), root_scale, eps), p);
    p = fnma(decay_after, p, p);
    mean.store_n(m + i, lanes);
    square.store_n(v + i, lanes);
    p.store_n(param + i, lanes);
    if (shadow != nullptr) cpu::store_shadow(p, shadow + i, lanes);
  });
}

}  // namespace

void CpuBackend::adamw(const View& param, const View& grad, const View& m, const View& v, const View* shadow,
                       std::span<const ParamSegment> segments, const AdamWStep& step) {
  const auto blocks = cpu::segment_blocks(segments);
  cpu::dispatch_flat(param.dtype, [&]<class T>() {
    parallel_for(static_cast<std::int64_t>(blocks.size()), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const auto [begin, end, segment] = blocks[static_cast<std::size_t>(i)];
        update(param.as<T>() + begin, grad.as<const T>() + begin, m.as<T>() + begin, v.as<T>() + begin,
               shadow == nullptr ? nullptr : shadow->as<bf16>() + begin, end - begin, step,
               adamw_coefficients(step, *segment));
      }
    });
  });
}

}  // namespace aio
