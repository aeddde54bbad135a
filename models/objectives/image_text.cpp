#include "models/objectives/image_text.h"

#include "autograd/ops.h"
#include "models/objectives/qa.h"

namespace aio::models {
Scored vqav2(const AllInOne& model, const VqaV2Batch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const Classifier& head = require_head(model.heads.vqav2, "VQAv2", "vqa_classifier");
  const Tensor scores = head.forward(joint_features(model, batch.text, batch.frames, ctx, options), ctx);
  if (!batch.targets.defined()) return {{}, scores};
  const auto labels = static_cast<double>(scores.dim(1));
  const Tensor targets = cast(batch.targets.to(scores.device()), scores.dtype());
  return {scale(binary_cross_entropy_with_logits(scores, targets), labels), scores};
}

Scored nlvr2(const AllInOne& model, const Nlvr2Batch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const Classifier& head = require_head(model.heads.nlvr2, "NLVR2", "nlvr2_classifier");
  InputOptions first = options, second = options;
  first.encode.video_type = 1;
  second.encode.video_type = 2;
  const Tensor features = concat({joint_features(model, batch.text, batch.first, ctx, first),
                                  joint_features(model, batch.text, batch.second, ctx, second)},
                                 1);
  const Tensor scores = head.forward(features, ctx);
  return {classification_loss(scores, batch.labels), scores};
}

VcrScored vcr(const AllInOne& model, const VcrBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const nn::Linear& answer_head = require_head(model.heads.rank, "VCR", "rank_output");
  const nn::Linear& rationale_head = require_head(model.heads.rank_2, "VCR", "rank_output_2");
  const VideoTokens videos = embed_input(model, batch.frames, ctx, options);
  VcrScored out;
  out.answer_scores =
      squeeze(answer_head.forward(option_features(model, batch.answers, videos, ctx, options), ctx), -1);
  out.rationale_scores =
      squeeze(rationale_head.forward(option_features(model, batch.rationales, videos, ctx, options), ctx), -1);
  if (batch.answer.defined() && batch.rationale.defined()) {
    out.loss = classification_loss(out.answer_scores, batch.answer) +
               classification_loss(out.rationale_scores, batch.rationale);
  }
  return out;
}

}  // namespace aio::models
