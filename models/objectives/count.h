#pragma once
// Counting as regression: "how many times does the man jump?" (TGIF-QA's Count, Jang et al. 2017). The paper has no
// such task; the protocol is that of the data set's own paper.
//
//   score = vqa_classifier(tanh(pooler([CLS])))      dropout 0.5, C -> C/2, LayerNorm, GELU, -> 1
//   loss  = mean (score - count)^2 over counts != -100
//
// What is judged is the score rounded to the nearest count from 0 to 10: mean squared error, and the share of exact
// ones.

#include "models/objectives/objective.h"

namespace aio::models {

/// The largest count that TGIF-QA has ("10 or more").
inline constexpr std::int64_t kLargestCount = 10;

/// Scores [B, 1], in repetitions. batch.labels i64 [B] are counts; -100, an unknown one, adds nothing; a batch of only
/// such has loss 0 and zero gradients. Throws Error{config} for a head with more than one output.
Scored count_regression(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx,
                        const InputOptions& options = {});

/// The count that a score stands for: the nearest one there is, halves upwards.
std::int64_t nearest_count(double score);

}  // namespace aio::models
