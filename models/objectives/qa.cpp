#include "models/objectives/qa.h"

#include "models/objectives/labelled_rows.h"

namespace aio::models {

Scored open_ended_qa(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const Classifier& head = require_head(model.heads.qa, "open-ended QA", "vqa_classifier");
  const Tensor scores = head.forward(joint_features(model, batch.text, batch.frames, ctx, options), ctx);
  return {classification_loss(scores, batch.labels), scores};
}

Tensor classification_loss(const Tensor& scores, const Tensor& labels) {
  return labels.defined() ? mean_cross_entropy(scores, labels) : Tensor{};
}

}  // namespace aio::models
