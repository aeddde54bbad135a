// Stochastic gradient descent with momentum over flat buffers, one launch.
//
// With g = grad_scale * grad + wd p (weight decay is L2: it enters the momentum):
//   without momentum:  p -= lr g
//   with momentum mu:  b = g at step 1, else mu b + (1 - dampening) g;  p -= lr (nesterov ? g + mu b : b)
// Shapes:   param, grad, momentum, shadow [n]; segments give the runs to update, with their lr and wd. `momentum` is
//           neither read nor written when mu = 0 (its data may be null).
// Dtypes:   f32; shadow bf16 = round(param).
// Deterministic: each element by itself. Elements outside the segments are not touched.
// Source:   torch.optim.SGD.

#include "cuda/cuda_backend.h"
#include "cuda/dispatch.h"
#include "cuda/segments.h"

namespace aio {

namespace {

using namespace cuda;

/// What all segments share.
struct Momentum {
  float mu, fresh, grad_scale;
  bool first, nesterov;
};
struct Rates {
  float lr, decay;
};

__global__ void __launch_bounds__(kSegmentThreads)
    sgd_kernel(float* param, const float* grad, float* momentum, bf16* shadow, const SegmentChunk<Rates>* chunks,
               Momentum all, bool aligned) {
  const SegmentChunk<Rates> chunk = chunks[block_id()];
  const Rates k = chunk.coefficients;
  for_segment(chunk.begin, chunk.end, aligned, [&]<int N>(std::int64_t i) {
    float p[N], g[N];
    load_vector(p, param + i);
    load_vector(g, grad + i);
#pragma unroll
    for (int j = 0; j < N; ++j) g[j] = fmaf(k.decay, p[j], all.grad_scale * g[j]);
    if (momentum != nullptr) {
      float b[N] = {};
      if (!all.first) load_vector(b, momentum + i);
#pragma unroll
      for (int j = 0; j < N; ++j) {
        b[j] = all.first ? g[j] : fmaf(all.mu, b[j], all.fresh * g[j]);
        g[j] = all.nesterov ? fmaf(all.mu, b[j], g[j]) : b[j];
      }
      store_vector(momentum + i, b);
    }
#pragma unroll
    for (int j = 0; j < N; ++j) p[j] = fmaf(-k.lr, g[j], p[j]);
    store_vector(param + i, p);
    if (shadow != nullptr) store_vector(shadow + i, p);
  });
}

}  // namespace

void CudaBackend::sgd(const View& param, const View& grad, const View& momentum, const View* shadow,
                      std::span<const ParamSegment> segments, const SgdStep& step) {
  refuse_in_recording("an optimizer's update");  // its numbers change from step to step
  const auto f = [](double x) { return static_cast<float>(x); };
  const auto rates = [&](const ParamSegment& segment) { return Rates{f(segment.lr), f(segment.weight_decay)}; };
  const SegmentTable<Rates> table(*this, segments, rates);
  const Momentum all{f(step.momentum), f(1 - step.dampening), f(step.grad_scale), step.step == 1, step.nesterov};
  float* const memory = step.momentum == 0 ? nullptr : momentum.as<float>();
  bf16* const copy = shadow == nullptr ? nullptr : shadow->as<bf16>();
  launch("sgd", stream(), table.grid(), sgd_kernel, param.as<float>(), grad.as<float>(), memory, copy, table.chunks(),
         all, aligned16(param.data, grad.data, memory, copy));
}

}  // namespace aio
