#pragma once
// Choosing one of several texts for a video: multiple choice (which sentence belongs to the video?) by match score,
// fine-tuned or zero-shot, and multiple-choice questions by their own head.
//
//   accuracy         of the samples with a known answer; the others are predicted and not scored

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/objectives/multiple_choice.h"

namespace aio::apps {

/// The head that says how well a text and a video match: rank_output where the model has it, unless
/// options.zero_shot; else row 1 of itm_score. Throws Error{config} if it has neither.
models::MatchHead match_head(const models::AllInOne& model, const EvalOptions& options);

/// Both throw Error{value} for data of another task, Error{config} without the head.
Evaluation evaluate_choice(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);
Evaluation evaluate_mc_qa(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

/// Scores options by `score` and counts how often the right one is best.
using ScoreOptions = std::function<Tensor(const models::ChoiceBatch&, nn::ForwardCtx&)>;
Evaluation evaluate_options(const EvalSplit& split, const EvalOptions& options, const ScoreOptions& score);

}  // namespace aio::apps
