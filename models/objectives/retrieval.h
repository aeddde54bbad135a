#pragma once
// Retrieval by match score: training against false captions, and scoring any pairs of texts and videos.

#include "models/objectives/multiple_choice.h"

namespace aio::models {

/// Fine-tuning for retrieval (the reference's irtr): option 0 is the video's own caption, the others are false ones.
/// Scores [B, options]; loss = cross entropy with answer 0. batch.answer is not read.
Scored retrieval(const AllInOne& model, const ChoiceBatch& batch, nn::ForwardCtx& ctx, MatchHead head = MatchHead::rank,
                 const InputOptions& options = {});

/// Match logits of pairs over embeddings that were computed once (embed_text with keep_padding where they come from
/// several batches), `chunk` pairs a pass: [pairs], no history. Evaluate with ForwardCtx::eval.
Tensor match_scores(const AllInOne& model, const TextTokens& texts, const VideoTokens& videos, const Pairs& pairs,
                    nn::ForwardCtx& ctx, MatchHead head = MatchHead::rank, std::int64_t chunk = 64,
                    const InputOptions& options = {});

}  // namespace aio::models
