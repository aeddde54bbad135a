#pragma once
// Action recognition by a head of the model: the reference's two-layer one on a prompt (vqa_classifier) or one linear
// layer (linear_probe). A probe that is trained here and now: probe.h.
//
//   top1, top5, top10   the right class is among the best so many

#include "apps/evaluator/class_scores.h"
#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Throws Error{value} for data of another task or with more labels than the head has; Error{config} without either
/// head.
Evaluation evaluate_action(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

/// The same with scores from elsewhere.
Evaluation evaluate_actions_by(const EvalSplit& split, const EvalOptions& options, const ScoreBatch& score);

}  // namespace aio::apps
