// Stochastic gradient descent with momentum over flat buffers, one pass.
//
// With g = grad_scale * grad + wd p (weight decay is L2: it enters the momentum):
//   without momentum:  p -= lr g
//   with momentum mu:  b = g at step 1, else mu b + (1 - dampening) g;  p -= lr (nesterov ? g + mu b : b)
// Shapes:   param, grad, momentum, shadow [n]; segments give the runs to update, with their lr and wd. `momentum` is
//           neither read nor written when mu = 0 (its data may be null).
// Dtypes:   f32 or f64; shadow bf16 = round(param).
// Order:    elementwise: every thread count gives the same bits. Elements outside the segments are not touched.
// Source:   torch.optim.SGD.

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/segments.h"
#include "tensor/cpu/simd.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::Vec;

template <class T>
void update(T* param, const T* grad, T* momentum, bf16* shadow, std::int64_t n, const SgdStep& step,
            const ParamSegment& segment) {
  using V = Vec<T>;
  const auto all = [](double value) { return V::all(static_cast<T>(value)); };
  const bool first = step.step == 1;
  const V grad_scale = all(step.grad_scale), decay = all(segment.weight_decay), lr = all(segment.lr);
  const V mu = all(step.momentum), fresh = all(1 - step.dampening);
  for_lanes<V::kWidth>(n, [&](std::int64_t i, int lanes) {
    V p = V::load_n(param + i, lanes);
    const V g = fma(decay, p, grad_scale * V::load_n(grad + i, lanes));
    V direction = g;
    if (step.momentum != 0) {
      const V b = first ? g : fma(mu, V::load_n(momentum + i, lanes), fresh * g);
      b.store_n(momentum + i, lanes);
      direction = step.nesterov ? fma(mu, b, g) : b;
    }
    p = fnma(lr, direction, p);
    p.store_n(param + i, lanes);
    if (shadow != nullptr) cpu::store_shadow(p, shadow + i, lanes);
  });
}

}  // namespace

void CpuBackend::sgd(const View& param, const View& grad, const View& momentum, const View* shadow,
                     std::span<const ParamSegment> segments, const SgdStep& step) {
  const auto blocks = cpu::segment_blocks(segments);
  cpu::dispatch_flat(param.dtype, [&]<class T>() {
    parallel_for(static_cast<std::int64_t>(blocks.size()), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const auto [begin, end, segment] = blocks[static_cast<std::size_t>(i)];
        update(param.as<T>() + begin, grad.as<const T>() + begin,
               step.momentum == 0 ? nullptr : momentum.as<T>() + begin,
               shadow == nullptr ? nullptr : shadow->as<bf16>() + begin, end - begin, step, *segment);
      }
    });
  });
}

}  // namespace aio
