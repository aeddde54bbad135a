#include "models/objectives/count.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "models/objectives/labelled_rows.h"

namespace aio::models {

Scored count_regression(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const Classifier& head = require_head(model.heads.qa, "counting", "vqa_classifier");
  check(head.out.weight.dim(0) == 1, ErrorCode::config, "counting: vqa_classifier has ", head.out.weight.dim(0),
        " outputs, expected one, the count");
  const Tensor scores = head.forward(joint_features(model, batch.text, batch.frames, ctx, options), ctx);
  if (!batch.labels.defined()) return {{}, scores};
  const LabelledRows known = labelled_rows(scores, batch.labels);
  const std::int64_t n = known.labels.numel();
  const DType exact = scores.dtype() == DType::f64 ? DType::f64 : DType::f32;  // bf16 has 8 bits for 10 counts
  const Tensor apart = cast(reshape(known.rows, {n}), exact) - cast(known.labels.to(scores.device()), exact);
  // An empty sum keeps its history: every parameter gets a gradient, of zeros.
  return {scale(sum(apart * apart), 1.0 / static_cast<double>(std::max<std::int64_t>(n, 1))), scores};
}

std::int64_t nearest_count(double score) {
  return static_cast<std::int64_t>(std::floor(std::clamp(score, 0.0, static_cast<double>(kLargestCount)) + 0.5));
}

}  // namespace aio::models
