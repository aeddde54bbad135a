#pragma once
// The step that aio_bench train, infer and roofline run: the model, a batch, an optimizer.

#include "bench/step.h"
#include "models/all_in_one.h"
#include "models/batch.h"
#include "nn/optim/adamw.h"

namespace aio::bench {

/// torch.optim.AdamW over all parameters, all of which decay, as in the peer.
struct StepOptimizer {
  explicit StepOptimizer(const nn::ParamStore& store);
  nn::FlatParams params;
  nn::AdamW adamw;
};

struct PretrainStep {
  explicit PretrainStep(const StepOptions& options);

  /// Step number `i`: forward, backward, update; the loss.
  Tensor train(StepOptimizer& optimizer, int i) const;
  /// The same without the update.
  Tensor differentiate(StepOptimizer& optimizer, int i) const;
  /// Forward and backward; the loss.
  Tensor forward_backward(nn::ForwardCtx& ctx) const;
  /// One joint pass, dropout off. The caller turns recording off.
  models::Encoded infer() const;
  /// Those of the batch that lie on the host.
  std::vector<Tensor> host_tensors() const;

  StepOptions options;
  models::AioConfig config;
  nn::ParamStore store;
  models::AllInOne model;
  models::PretrainBatch batch;
  nn::ForwardCtx evaluation;  ///< keeps cast weights, as an evaluation over many batches does
};

}  // namespace aio::bench
