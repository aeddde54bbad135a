#pragma once
// AdamW's three variants as one formula, for the kernels of every device:
//
//   g += l2 p;  m, v from g;  p -= decay_before p;  p -= rate m / (sqrt(v) root_scale + eps);  p -= decay_after p
//
// The parts that a variant lacks are 0 (decays) or 1 (root_scale). Decay is subtracted, never multiplied as 1 - lr wd:
// in f32 that factor is off by up to 3 % of lr wd = 1e-6.

#include <cmath>

#include "tensor/backend.h"

namespace aio {

struct AdamWCoefficients {
  double l2, decay_before, rate, root_scale, decay_after;
};

inline AdamWCoefficients adamw_coefficients(const AdamWStep& step, const ParamSegment& segment) {
  using Variant = AdamWStep::Variant;
  const double t = static_cast<double>(step.step);
  const double c1 = step.bias_correction ? -std::expm1(t * std::log(step.beta1)) : 1;
  const double c2 = step.bias_correction ? -std::expm1(t * std::log(step.beta2)) : 1;
  const double decay = segment.lr * segment.weight_decay;
  switch (step.variant) {
    case Variant::hf: return {0, 0, segment.lr * std::sqrt(c2) / c1, 1, decay};
    case Variant::torch: return {0, decay, segment.lr / c1, 1 / std::sqrt(c2), 0};
    case Variant::adam_l2: return {segment.weight_decay, 0, segment.lr / c1, 1 / std::sqrt(c2), 0};
  }
  return {};
}

}  // namespace aio
