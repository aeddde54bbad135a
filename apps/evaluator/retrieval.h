#pragma once
// Text-to-video and video-to-text retrieval.
//
//   bvtc_...        by cosine of the contrastive vectors: each text and video passes the backbone once, O(k + l)
//   vtm_...         by match score: a joint pass for each pair, O(k l), over embeddings of each video made once
//   rerank_...      the best N by BVTC in the order of their match scores, above all others: N joint passes a query;
//                   rerankN_... for each of several N, a curve of quality against cost
//   bvtc_dual_...   with dual softmax (score_matrix.h); vtm_dual_... likewise
//
// each followed by t2v_ or v2t_ and r1, r5, r10, r50 (fractions), medr, meanr (ranks from 1).
//
// A text is right for every video of its own scene, and no worse answer than itself pushes it back
// (data/metrics/retrieval.h). An unreadable video is found by nobody and finds nothing. Evaluation::similarities are
// the matrices "bvtc" and "vtm", mean over the views.

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// bvtc and vtm are left out where the model has no heads for them; throws Error{config} if it has none for either, or
/// for re-ranking. Throws Error{value} for data without captions.
Evaluation evaluate_retrieval(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

}  // namespace aio::apps
