#pragma once
// Captioning: the sentence that the model writes about each video, against all that people wrote.
//
//   Bleu_1..Bleu_4, ROUGE_L, CIDEr   as pycocoevalcap computes them (data/metrics/caption_scores.h)
//   METEOR_exact                     is not METEOR (data/metrics/meteor_exact.h)
//   METEOR                           instead of it, where options.meteor_jar names the program that computes it
//
// An unreadable video has the empty caption. Videos without captions are described and not scored.

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Searches with options.beams and options.max_words. Throws Error{value} for data without captions; Error{config}
/// without the head lm_score.
Evaluation evaluate_caption(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

}  // namespace aio::apps
