#pragma once
// AdamW in the reference's and in PyTorch's variant, and Adam. With g the scaled gradient, t the number of updates:
//
//   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
//   hf:      p -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps);   then p -= lr wd p
//   torch:   p -= lr wd p;   then p -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
//   adam_l2: g += wd p first;   then as torch without decay
//
// hf is transformers 4.2.1, which All-in-one trains with: eps is added before the bias correction and the decay acts on
// the updated p. Both differ from torch.optim.AdamW by more than rounding.

#include "nn/optim/optimizer.h"

namespace aio::nn {

struct AdamWOptions {
  using Variant = AdamWStep::Variant;
  Variant variant = Variant::hf;
  double beta1 = 0.9;
  double beta2 = 0.98;  ///< the reference's; PyTorch's default is 0.999
  double eps = 1e-8;

  /// torch.optim.Adam with its defaults: decay, if any, is added to the gradient.
  static AdamWOptions adam() { return {Variant::adam_l2, 0.9, 0.999, 1e-8}; }
};

class AdamW : public Optimizer {
 public:
  /// State "exp_avg" (m) and "exp_avg_sq" (v). Throws Error{config} unless 0 <= betas < 1 and eps >= 0.
  AdamW(FlatParams& params, const ParamGroups& groups, AdamWOptions options = {});

 protected:
  void update(std::span<const ParamSegment> segments, std::int64_t step, double grad_scale) override;

 private:
  AdamWOptions options_;
};

}  // namespace aio::nn
