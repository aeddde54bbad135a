#include "models/objectives/multiple_choice.h"

#include "autograd/ops.h"
#include "models/objectives/qa.h"

namespace aio::models {
Scored multiple_choice_qa(const AllInOne& model, const ChoiceBatch& batch, nn::ForwardCtx& ctx,
                          const InputOptions& options) {
  const Classifier& head = require_head(model.heads.choice_qa, "multiple-choice QA", "mc_vqa_classifier");
  const VideoTokens videos = embed_input(model, batch.frames, ctx, options);
  const Tensor features = option_features(model, batch.options, videos, ctx, options);
  const Tensor scores = squeeze(head.forward(features, ctx), -1);
  return {classification_loss(scores, batch.answer), scores};
}

Tensor match_logits(const AllInOne& model, const Tensor& features, MatchHead head, nn::ForwardCtx& ctx) {
  if (head == MatchHead::rank) {
    return squeeze(require_head(model.heads.rank, "ranking", "rank_output").forward(features, ctx), -1);
  }
  return select(require_head(model.heads.vtm, "matching", "itm_score").forward(features, ctx), -1, 1);
}

Scored multiple_choice(const AllInOne& model, const ChoiceBatch& batch, nn::ForwardCtx& ctx, MatchHead head,
                       const InputOptions& options) {
  const VideoTokens videos = embed_input(model, batch.frames, ctx, options);
  const Tensor features = option_features(model, batch.options, videos, ctx, options);
  const Tensor scores = match_logits(model, features, head, ctx);
  return {classification_loss(scores, batch.answer), scores};
}

}  // namespace aio::models
