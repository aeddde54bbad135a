#pragma once
// The global gradient norm, and the one factor that averages micro-batches and clips: it goes to Optimizer::step, so
// the gradients are never rewritten.

#include <cstdint>
#include <limits>

#include "nn/optim/flat_params.h"

namespace aio::nn {

struct GradNorm {
  double norm = 0;              ///< of the averaged gradient, before clipping
  double grad_scale = 1;        ///< 1/micro_batches * min(1, max_norm / (norm + 1e-6)), the rule of clip_grad_norm_
  std::int64_t non_finite = 0;  ///< elements that are inf or NaN: do not step
};

/// Of all gradients, each the sum over `micro_batches` backward passes.
/// Throws Error{value} unless max_norm > 0 (infinity: no clipping) and micro_batches >= 1.
GradNorm grad_norm(const FlatParams& params, double max_norm = std::numeric_limits<double>::infinity(),
                   int micro_batches = 1);

}  // namespace aio::nn
