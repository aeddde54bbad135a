// AdamW over flat buffers: one launch, 16 bytes read and 12 written a parameter (14 with a bf16 shadow).
//
// With g = grad_scale * grad, c1 = 1 - beta1^step, c2 = 1 - beta2^step (both 1 without bias correction):
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2                              (all variants)
//   hf:       p -= lr sqrt(c2) / c1 * m / (sqrt(v) + eps),  then p -= lr wd p                 (eps before correction)
//   torch:    p -= lr wd p,  then p -= lr / c1 * m / (sqrt(v / c2) + eps)
//   adam_l2:  g += wd p first,  then p -= lr / c1 * m / (sqrt(v / c2) + eps)                  (decay enters m and v)
// Shapes:   param, grad, m, v, shadow [n]; segments give the runs to update, with their lr and wd.
// Dtypes:   f32; shadow bf16 = round(param). The scalars are computed in f64 and rounded once.
// Order:    elementwise. Elements outside the segments are not touched.
// Source:   hf: transformers 4.2.1 optimization.py AdamW.step; torch: torch.optim.AdamW; adam_l2: torch.optim.Adam.

#include "cuda/cuda_backend.h"
#include "cuda/dispatch.h"
#include "cuda/segments.h"
#include "tensor/adamw_coefficients.h"

namespace aio {

namespace {

using namespace cuda;

/// AdamWCoefficients in f32.
struct Rates {
  float l2, decay_before, rate, root_scale, decay_after;
};

/// What all segments share.
struct Moments {
  float beta1, new1, beta2, new2, eps, grad_scale;
};

__global__ void __launch_bounds__(kSegmentThreads)
    adamw_kernel(float* param, const float* grad, float* m, float* v, bf16* shadow, const SegmentChunk<Rates>* chunks,
                 Moments s, bool aligned) {
  const SegmentChunk<Rates> chunk = chunks[block_id()];
  const Rates k = chunk.coefficients;
  for_segment(chunk.begin, chunk.end, aligned, [&]<int N>(std::int64_t i) {
    float p[N], g[N], mean[N], square[N];
    load_vector(p, param + i);
    load_vector(g, grad + i);
    load_vector(mean, m + i);
    load_vector(square, v + i);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      g[j] = fmaf(k.l2, p[j], s.grad_scale * g[j]);
      mean[j] = fmaf(s.beta1, mean[j], s.new1 * g[j]);
      square[j] = fmaf(s.beta2, square[j], s.new2 * (g[j] * g[j]));
      p[j] = fmaf(-k.decay_before, p[j], p[j]);
      p[j] = fmaf(-k.rate, mean[j] / fmaf(sqrtf(square[j]), k.root_scale, s.eps), p[j]);
      p[j] = fmaf(-k.decay_after, p[j], p[j]);
    }
    store_vector(m + i, mean);
    store_vector(v + i, square);
    store_vector(param + i, p);
    if (shadow != nullptr) store_vector(shadow + i, p);
  });
}

}  // namespace

void CudaBackend::adamw(const View& param, const View& grad, const View& m, const View& v, const View* shadow,
                        std::span<const ParamSegment> segments, const AdamWStep& step) {
  refuse_in_recording("an optimizer's update");  // its numbers change from step to step
  const auto f = [](double x) { return static_cast<float>(x); };
  const auto rates = [&](const ParamSegment& segment) {
    const AdamWCoefficients k = adamw_coefficients(step, segment);
    return Rates{f(k.l2), f(k.decay_before), f(k.rate), f(k.root_scale), f(k.decay_after)};
  };
  const SegmentTable<Rates> table(*this, segments, rates);
  const Moments moments{f(step.beta1),     f(1 - step.beta1), f(step.beta2),
                        f(1 - step.beta2), f(step.eps),       f(step.grad_scale)};
  bf16* const copy = shadow == nullptr ? nullptr : shadow->as<bf16>();
  launch("adamw", stream(), table.grid(), adamw_kernel, param.as<float>(), grad.as<float>(), m.as<float>(),
         v.as<float>(), copy, table.chunks(), moments, aligned16(param.data, grad.data, m.data, v.data, copy));
}

}  // namespace aio
