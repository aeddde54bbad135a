#pragma once
// Optimizer: what AdamW and SGD share: groups, the skipping of parameters without gradient, saved state.
//
//   params.zero_grad();
//   for (micro-batch) backward(loss);
//   const GradNorm norm = grad_norm(params, max_norm, micro_batches);
//   optimizer.step(schedule.lr(step), norm.grad_scale);

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nn/optim/flat_params.h"
#include "nn/optim/param_groups.h"

namespace aio::nn {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update with learning rate `lr` (times the group's multiplier) and gradients times `grad_scale`. A parameter
  /// without gradient since zero_grad() is left alone: neither decayed nor counted a step, as in PyTorch. Throws
  /// Error{state} as FlatParams::check_ownership, or while an Ema is swapped in.
  void step(double lr, double grad_scale = 1);

  /// "exp_avg.NAME", ..., "step.NAME" -> views of the live state, for saving.
  std::map<std::string, Tensor> state() const;
  /// Strict, as ParamStore::load: all or nothing.
  void load_state(const std::map<std::string, Tensor>& tensors);

 protected:
  /// `params` outlives the optimizer. `buffers` names the flat buffers of state, e.g. {"exp_avg", "exp_avg_sq"}.
  Optimizer(FlatParams& params, const ParamGroups& groups, const std::vector<std::string>& buffers);

  /// Updates the segments, whose parameters are all in their `step`-th update (from 1).
  virtual void update(std::span<const ParamSegment> segments, std::int64_t step, double grad_scale) = 0;

  const FlatParams& params() const { return *params_; }
  const Tensor& buffer(std::size_t i) const { return buffers_[i]; }

 private:
  std::vector<NamedTensor> named_state() const;
  FlatParams* params_;
  std::vector<ParamGroups::Group> groups_;  // of each slot
  std::vector<std::string> buffer_names_;
  std::vector<Tensor> buffers_;
  Tensor steps_;  // i64 [slots], on the host: updates each parameter has had
};

}  // namespace aio::nn
