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

#include <cmath>

#include "cuda/cuda_backend.h"
#include "cuda/dispatch.h"
#include "cuda/scratch.h"
#include "cuda/segments.h"

namespace aio {

namespace {

using namespace cuda;

/// One formula for the three variants; the parts that a variant lacks are 0 (decays) or 1 (root_scale):
/// g += l2 p;  p -= decay_before p;  p -= rate m / (sqrt(v) root_scale + eps);  p -= decay_after p.
/// Decay is subtracted, never multiplied as 1 - lr wd: in f32 that factor is off by up to 3 % of lr wd = 1e-6.
struct Coefficients {
  float l2, decay_before, rate, root_scale, decay_after;
};

/// What all segments share.
struct Moments {
  float beta1, new1, beta2, new2, eps, grad_scale;
};

Coefficients coefficients(const AdamWStep& step, const ParamSegment& segment) {
  const auto t = static_cast<double>(step.step);
  const double c1 = step.bias_correction ? -std::expm1(t * std::log(step.beta1)) : 1;
  const double c2 = step.bias_correction ? -std::expm1(t * std::log(step.beta2)) : 1;
  const auto decay = static_cast<float>(segment.lr * segment.weight_decay);
  const auto rate = static_cast<float>(segment.lr / c1), root_scale = static_cast<float>(1 / std::sqrt(c2));
  switch (step.variant) {
    case AdamWStep::Variant::hf: return {0, 0, static_cast<float>(segment.lr * std::sqrt(c2) / c1), 1, decay};
    case AdamWStep::Variant::torch: return {0, decay, rate, root_scale, 0};
    case AdamWStep::Variant::adam_l2: return {static_cast<float>(segment.weight_decay), 0, rate, root_scale, 0};
  }
  return {};
}

__global__ void __launch_bounds__(kSegmentThreads)
    adamw_kernel(float* param, const float* grad, float* m, float* v, bf16* shadow,
                 const SegmentChunk<Coefficients>* chunks, Moments s, bool aligned) {
  const SegmentChunk<Coefficients> chunk = chunks[block_id()];
  const Coefficients k = chunk.coefficients;
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
  const auto chunks =
      segment_chunks<Coefficients>(segments, [&](const ParamSegment& segment) { return coefficients(step, segment); });
  const std::size_t bytes = chunks.size() * sizeof chunks[0];
  const Scratch table(*allocator_, bytes);
  copy_from_host(table.as<void>(), chunks.data(), bytes);
  const Moments moments{static_cast<float>(step.beta1), static_cast<float>(1 - step.beta1),
                        static_cast<float>(step.beta2), static_cast<float>(1 - step.beta2),
                        static_cast<float>(step.eps),   static_cast<float>(step.grad_scale)};
  bf16* const shadow_data = shadow == nullptr ? nullptr : shadow->as<bf16>();
  launch("adamw", stream(), {static_cast<unsigned>(chunks.size()), kSegmentThreads}, adamw_kernel, param.as<float>(),
         grad.as<float>(), m.as<float>(), v.as<float>(), shadow_data, table.as<SegmentChunk<Coefficients>>(), moments,
         aligned16(param.data, grad.data, m.data, v.data, shadow_data));
}

}  // namespace aio
