#pragma once
// What pre-training taught, on a split it has not seen.
//
//   mlm_accuracy        masked tokens of the samples' first captions told right, with the true video
//   vtm_accuracy        half of the pairs are a video and its caption, half a caption and another video of the batch
//   vtm_hard_accuracy   half a video and its caption, half a video and the same caption with the motion turned round
//                       (the samples' key "flipped_captions"); only where samples have that
//
// Chance is 0.5 for both of the last two.

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Masks as options of the split's loader say (LoaderOptions::mlm), or 15 % of the tokens. A part whose head the model
/// lacks is left out; throws Error{config} if it has neither. Throws Error{value} for data without captions.
Evaluation evaluate_pretrain(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

}  // namespace aio::apps
