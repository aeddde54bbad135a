#pragma once
// Choosing one of several texts for a video: each option is encoded with the video on its own, and a head of one output
// scores the pair. loss = cross entropy over a video's options.

#include "models/objectives/objective.h"

namespace aio::models {

/// Multiple-choice QA (mc_vqa_classifier): the options are question and answer together.
/// Scores [B, options].
Scored multiple_choice_qa(const AllInOne& model, const ChoiceBatch& batch, nn::ForwardCtx& ctx,
                          const InputOptions& options = {});

/// Which head says how well a text matches a video.
enum class MatchHead {
  rank,  ///< rank_output, which starts as a copy of the VTM head's row 1
  vtm    ///< row 1 ("match") of itm_score: zero-shot
};
/// [.., C] pooled features -> [..]: the match logit.
Tensor match_logits(const AllInOne& model, const Tensor& features, MatchHead head, nn::ForwardCtx& ctx);

/// Multiple choice by match score. Scores [B, options]; MatchHead::vtm is the zero-shot form.
Scored multiple_choice(const AllInOne& model, const ChoiceBatch& batch, nn::ForwardCtx& ctx,
                       MatchHead head = MatchHead::rank, const InputOptions& options = {});

}  // namespace aio::models
