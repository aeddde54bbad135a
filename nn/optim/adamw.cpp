#include "nn/optim/adamw.h"

#include "tensor/error.h"

namespace aio::nn {

AdamW::AdamW(FlatParams& params, const ParamGroups& groups, AdamWOptions options)
    : Optimizer(params, groups, {"exp_avg", "exp_avg_sq"}), options_(options) {
  check(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1 && options.eps >= 0,
        ErrorCode::config, "AdamW: betas ", options.beta1, ", ", options.beta2, ", eps ", options.eps,
        ", expected 0 <= beta < 1 and eps >= 0");
}

void AdamW::update(std::span<const ParamSegment> segments, std::int64_t step, double grad_scale) {
  const Tensor& values = params().values();
  const AdamWStep arguments{.variant = options_.variant,
                            .beta1 = options_.beta1,
                            .beta2 = options_.beta2,
                            .eps = options_.eps,
                            .bias_correction = true,
                            .step = step,
                            .grad_scale = grad_scale};
  backend_for(values).adamw(values.view(), params().grads().view(), buffer(0).view(), buffer(1).view(), nullptr,
                            segments, arguments);
}

}  // namespace aio::nn
