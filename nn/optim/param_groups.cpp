#include "nn/optim/param_groups.h"

#include <algorithm>

namespace aio::nn {
namespace {
bool contains_any(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return name.find(pattern) != std::string_view::npos; });
}
}  // namespace

ParamGroups::Group ParamGroups::of(std::string_view name) const {
  return {contains_any(name, scaled) ? lr_multiplier : 1.0, contains_any(name, no_decay) ? 0.0 : weight_decay};
}

ParamGroups ParamGroups::reference(double weight_decay, double head_lr_multiplier) {
  return {weight_decay,
          {"bias", "LayerNorm.weight", "norm.weight", "norm1.weight", "norm2.weight"},  // "bias" covers their biases
          head_lr_multiplier,
          {"vqa_classifier", "nlvr2_classifier"}};
}

}  // namespace aio::nn
