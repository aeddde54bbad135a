#pragma once
// Open-ended question answering: which answer of the list scores best?
//
//   acc_known      over the questions whose answer is in the list: what the released code reports, and most likely the
//                  paper's tables
//   acc_all        over all questions; an answer outside the list cannot be given and is wrong
//   acc_all_KIND   the same, by the samples' key "kind"
//   mse            where all answers are numbers: squared error of the expected value, rounded
//
// A data set without a list of answers is one of counts (TGIF Count): class k means k, or, of a head with one output,
// the output is the count.
//
// Samples without any answer are predicted and not scored.

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Throws Error{value} for data of another task, or with more answers than the model's head has; Error{config} without
/// the head vqa_classifier.
Evaluation evaluate_qa(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

}  // namespace aio::apps
