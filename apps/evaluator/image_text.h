#pragma once
// The image-text tasks of the released code, told apart by the data set's task:
//
//   qa with soft answers  VQAv2: `accuracy` is the mean score that annotators gave the best answer
//   classify              NLVR2: is the sentence (prompt "{question}") true of both images? `accuracy`
//   mc_qa                 VCR: which answer and which reason for it belong to the image? as vcr.h
//   retrieval             COCO, Flickr30k: as retrieval.h
//
// Samples are still images: no temporal embedding, no rolling.

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Throws Error{value} for data of another task, Error{config} without its head.
Evaluation evaluate_image_text(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);

}  // namespace aio::apps
