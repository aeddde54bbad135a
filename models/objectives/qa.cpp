#include "models/objectives/qa.h"

#include <algorithm>

#include "autograd/ops.h"

namespace aio::models {
namespace {
constexpr std::int64_t kIgnored = -100;
}

Scored open_ended_qa(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const Classifier& head = require_head(model.heads.qa, "open-ended QA", "vqa_classifier");
  const Tensor scores = head.forward(joint_features(model, batch.text, batch.frames, ctx, options), ctx);
  return {classification_loss(scores, batch.labels), scores};
}

Tensor classification_loss(const Tensor& scores, const Tensor& labels) {
  if (!labels.defined()) return {};
  if (labels.dtype() == DType::i64) {
    const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
    const bool any = std::any_of(values.begin(), values.end(), [](std::int64_t label) { return label != kIgnored; });
    if (!any) return scale(mean(scores), 0);  // keeps its history: every parameter gets a gradient, of zeros
  }
  return cross_entropy(scores, labels, kIgnored);
}

}  // namespace aio::models
