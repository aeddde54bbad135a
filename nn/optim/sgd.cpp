#include "nn/optim/sgd.h"

#include "tensor/error.h"

namespace aio::nn {

Sgd::Sgd(FlatParams& params, const ParamGroups& groups, SgdOptions options)
    : Optimizer(params, groups, {"momentum_buffer"}), options_(options) {
  check(options.momentum >= 0, ErrorCode::config, "Sgd: momentum is ", options.momentum, ", expected at least 0");
  check(!options.nesterov || (options.momentum > 0 && options.dampening == 0), ErrorCode::config,
        "Sgd: nesterov with momentum ", options.momentum, " and dampening ", options.dampening,
        ", expected momentum > 0 and dampening = 0");
}

void Sgd::update(std::span<const ParamSegment> segments, std::int64_t step, double grad_scale) {
  const Tensor& values = params().values();
  const SgdStep arguments{.momentum = options_.momentum,
                          .dampening = options_.dampening,
                          .nesterov = options_.nesterov,
                          .step = step,
                          .grad_scale = grad_scale};
  backend_for(values).sgd(values.view(), params().grads().view(), buffer(0).view(), nullptr, segments, arguments);
}

}  // namespace aio::nn
