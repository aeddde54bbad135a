#pragma once
// Captioning with a light language-model head (lm_score), in the manner of SwinBERT (Lin et al., CVPR 2022): a
// sequence-to-sequence mask over [video; text], trained on masked tokens, generating by appending [MASK].
//
//   visual tokens see visual tokens only; text token i sees all visual tokens and text tokens 0..i
//
// So a caption's beginning does not depend on what follows, and no visual token on the caption.

#include "models/objectives/objective.h"

namespace aio::models {

/// The mask, u8 [1, 1, visual + text, visual + text].
Tensor caption_mask(std::int64_t visual, std::int64_t text, Device device = {});

/// The text tokens' features under that mask, mean over frames: [B, L, C].
Tensor caption_features(const AllInOne& model, const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
                        const InputOptions& options = {});
/// What the head says about each text token: [B, L, vocab].
Tensor caption_logits(const AllInOne& model, const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
                      const InputOptions& options = {});

/// Training: mean cross entropy over the masked tokens. Scores [masked, vocab], row by row: the head is computed for
/// them only. A batch without any has loss 0 and zero gradients.
Scored captioning(const AllInOne& model, const CaptionBatch& batch, nn::ForwardCtx& ctx,
                  const InputOptions& options = {});

/// Scores of what comes after each text: [B, vocab]. Appends [MASK] (`mask_id`) and recomputes everything: the
/// definition of what CaptionDecoder computes word by word.
/// Throws Error{value} where the text fills the position table.
Tensor next_token_logits(const AllInOne& model, const TextBatch& text, const VideoTokens& video, std::int64_t mask_id,
                         nn::ForwardCtx& ctx, const InputOptions& options = {});

}  // namespace aio::models
