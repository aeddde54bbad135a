#include "nn/optim/ema.h"

#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio::nn {

Ema::Ema(FlatParams& params, double decay) : params_(&params), decay_(decay), average_(raw::clone(params.values())) {
  check(decay >= 0 && decay < 1, ErrorCode::config, "Ema: decay is ", decay, ", expected 0 <= decay < 1");
}

void Ema::update() {
  check_not_swapped();
  raw::axpby_(average_, 1 - decay_, params_->values(), decay_);
}

void Ema::swap() {
  params_->exchange_values(average_);
  swapped_ = !swapped_;
}

std::map<std::string, Tensor> Ema::state() const {
  check_not_swapped();
  const std::vector<NamedTensor> views = params_->named_views("ema", average_);
  return {views.begin(), views.end()};
}

void Ema::load_state(const std::map<std::string, Tensor>& tensors) {
  check_not_swapped();
  load_into("ema", params_->named_views("ema", average_), tensors);
}

void Ema::check_not_swapped() const {
  check(!swapped_, ErrorCode::state,
        "Ema: the average is swapped in, expected the training weights (swap() back first)");
}

}  // namespace aio::nn
