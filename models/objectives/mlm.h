#pragma once
// Masked language modelling: tell a masked word from the other words and the video.

#include "models/heads.h"

namespace aio::models {

struct MlmLoss {
  Tensor loss;    ///< mean cross entropy over the labelled positions; 0 without any
  Tensor logits;  ///< [labelled, vocabulary]
  Tensor labels;  ///< i64 [labelled]
};

/// text [B, L, C]: the features of masked text; labels i64 [B, >= L]: the true ids of masked tokens, -100 elsewhere
/// (all beyond L, which is padding). The decoder sees labelled positions only: they are a seventh of all, and the
/// others add nothing to the loss. Throws Error{shape}, Error{value} for a label on padding, both opening with `task`.
MlmLoss masked_token_loss(const MlmHead& head, const Tensor& text, const Tensor& labels, nn::ForwardCtx& ctx,
                          const char* task);

/// That with the MLM head on the text part of a joint pass. All logits: heads.mlm->forward(text).
/// Throws Error{config} without the head.
MlmLoss mlm_loss(const Heads& heads, const Tensor& text, const Tensor& labels, nn::ForwardCtx& ctx);

}  // namespace aio::models
