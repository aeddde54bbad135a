#pragma once
// Open-ended question answering as classification over a list of answers (vqa_classifier), and the reference's probe
// for actions, which is the same head on a prompt ("A person is doing [MASK]").
//
//   scores = classifier(tanh(pooler([CLS])))     dropout 0.5, C -> C/2, LayerNorm, GELU, -> labels
//   loss   = mean cross entropy over labels != -100

#include "models/objectives/objective.h"

namespace aio::models {

/// Scores [B, labels]. Label -100 is an answer outside the list: it adds nothing. A batch of only such answers has loss
/// 0 and zero gradients (the reference's is NaN, which would end the training).
Scored open_ended_qa(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx,
                     const InputOptions& options = {});

/// Mean cross entropy over labels != -100; 0, with zero gradients, where there are none; undefined without labels.
/// scores [B, classes], labels i64 [B]. Throws Error{shape|dtype}, and Error{index} for labels not in the classes.
Tensor classification_loss(const Tensor& scores, const Tensor& labels);

}  // namespace aio::models
