#pragma once
// SGD with momentum, as torch.optim.SGD. With g the scaled gradient:
//
//   g += wd p
//   buf = g in a parameter's first update, else momentum buf + (1 - dampening) g
//   p -= lr * (nesterov ? g + momentum buf : buf)

#include "nn/optim/optimizer.h"

namespace aio::nn {

struct SgdOptions {
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;  ///< wants momentum > 0 and dampening = 0
};

class Sgd : public Optimizer {
 public:
  /// State "momentum_buffer". Throws Error{config} for options that PyTorch refuses.
  Sgd(FlatParams& params, const ParamGroups& groups, SgdOptions options = {});

 protected:
  void update(std::span<const ParamSegment> segments, std::int64_t step, double grad_scale) override;

 private:
  SgdOptions options_;
};

}  // namespace aio::nn
