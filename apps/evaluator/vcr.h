#pragma once
// VCR: which answer, and which reason for the right answer (Zellers et al. 2019).
//
//   accuracy            the answer, by rank_output (Q -> A)
//   rationale_accuracy  the reason, given the right answer, by rank_output_2 (QA -> R)
//   joint_accuracy      both (Q -> AR)
//
// A data set without `rationales` asks the first question only. The released code selects by the mean of the first two.

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Throws Error{config} without a head that the data have a question for.
Evaluation evaluate_vcr(const models::AllInOne& model, const EvalSplit& images, const EvalOptions& options);

}  // namespace aio::apps
