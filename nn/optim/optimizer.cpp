#include "nn/optim/optimizer.h"

#include "autograd/autograd.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/storage.h"

namespace aio::nn {

Optimizer::Optimizer(FlatParams& params, const ParamGroups& groups, const std::vector<std::string>& buffers)
    : params_(&params), buffer_names_(buffers) {
  for (const FlatParams::Slot& slot : params.slots()) groups_.push_back(groups.of(slot.name));
  for (std::size_t i = 0; i < buffers.size(); ++i) buffers_.push_back(params.make_buffer());
  steps_ = Tensor::zeros({static_cast<std::int64_t>(params.slots().size())}, {DType::i64, {}});
}

void Optimizer::step(double lr, double grad_scale) {
  params_->check_ownership();
  check(!params_->exchanged(), ErrorCode::state,
        "optimizer: an average stands in for the weights, expected those that are trained (Ema::swap back first)");
  // Bias correction depends on a parameter's own number of updates. Nearly always that is one number for all of them,
  // and one call updates the model; a head that missed steps gets its own call.
  std::map<std::int64_t, std::vector<ParamSegment>> segments_by_step;
  const std::vector<FlatParams::Slot>& slots = params_->slots();
  std::int64_t* steps = steps_.data<std::int64_t>();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!grad_touched(slots[i].value)) continue;
    append_segment(segments_by_step[++steps[i]], slots[i], lr * groups_[i].lr_multiplier, groups_[i].weight_decay);
  }
  for (const auto& [step, segments] : segments_by_step) update(segments, step, grad_scale);
  // Kernels write through views; a graph that still holds old weights must notice.
  params_->values().storage().bump_version();
}

std::vector<NamedTensor> Optimizer::named_state() const {
  std::vector<NamedTensor> all;
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    for (NamedTensor& view : params_->named_views(buffer_names_[i], buffers_[i])) all.push_back(std::move(view));
  }
  std::int64_t i = 0;
  for (const FlatParams::Slot& slot : params_->slots()) {
    all.emplace_back(message("step.", slot.name), raw::select(steps_, 0, i++));
  }
  return all;
}

std::map<std::string, Tensor> Optimizer::state() const {
  const std::vector<NamedTensor> all = named_state();
  return {all.begin(), all.end()};
}

void Optimizer::load_state(const std::map<std::string, Tensor>& tensors) {
  load_into("optimizer state", named_state(), tensors);
}

}  // namespace aio::nn
