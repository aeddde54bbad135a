#pragma once
// Action recognition with a frozen backbone. The paper's "linear probe" is, in the released code, the two-layer head of
// open-ended QA on a prompt (Probe::two_layer: open_ended_qa()); here is also one linear layer.

#include "models/objectives/objective.h"

namespace aio::models {

/// One linear layer (linear_probe) on the pooled features: of the joint pass with the prompt or, where batch.text is
/// undefined, of the video alone. Scores [B, labels].
Scored linear_probe(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options = {});

/// What linear_probe() reads, [B, C]: to be computed once for a whole training.
Tensor probe_features(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx,
                      const InputOptions& options = {});

enum class Probe {
  linear,    ///< everything is frozen but linear_probe
  two_layer  ///< the reference's linear_evaluation: embeddings and blocks are frozen, the pooler and all heads learn
};
/// Freezes what a probe does not train; returns the number of parameters left trainable.
int freeze_for_probe(nn::ParamStore& store, Probe probe);

}  // namespace aio::models
