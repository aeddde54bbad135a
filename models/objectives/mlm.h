#pragma once
// Masked language modelling: tell a masked word from the other words and the video.

#include "models/heads.h"

namespace aio::models {

struct MlmLoss {
  Tensor loss;    ///< mean cross entropy over the labelled positions; 0 without any
  Tensor logits;  ///< [labelled, vocabulary]
  Tensor labels;  ///< i64 [labelled]
};

/// text [B, L, C]: the text part of a joint pass over the masked text; labels i64 [B, >= L]: the true ids of masked
/// tokens, -100 elsewhere (all beyond L, which is padding). The decoder sees labelled positions only: they are a
/// seventh of all, and the others add nothing to the loss. All logits: heads.mlm->forward(text).
/// Throws Error{config} without the head, Error{shape}, Error{value} for a label on padding.
MlmLoss mlm_loss(const Heads& heads, const Tensor& text, const Tensor& labels, nn::ForwardCtx& ctx);

}  // namespace aio::models
