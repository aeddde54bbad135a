#pragma once
// A probe: a small classifier trained on the features of a frozen model, which the backbone computes once.
//
//   linear      one layer on tanh(pooler([CLS])), each feature scaled to mean 0 and variance 1 over the training split
//               (as probes of self-supervised models do, so that the learning rate fits any model)
//   two_layer   what the released code calls linear evaluation: pooler and the two-layer head of open-ended QA learn
//
// [CLS] is that of the joint pass with the data set's prompt. Frames are uniform in training, too: with one set of
// features a sample, an epoch costs no decoding and no pass of the backbone.

#include <memory>

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/evaluation.h"
#include "models/all_in_one.h"

namespace aio::apps {

enum class ProbeKind { linear, two_layer };

struct ProbeOptions {
  ProbeKind kind = ProbeKind::linear;
  std::int64_t steps = 1000;
  std::int64_t batch = 256;  ///< features of one step
  double lr = 1e-3;          ///< largest: 5 % warm-up, then cosine to 0
  double weight_decay = 0.01;
  std::uint64_t seed = 0;
};

/// Inputs of a probe: [CLS] after the final norm, before the pooler.
struct ProbeFeatures {
  Tensor cls;                        ///< f32 [n, C]
  std::vector<std::int64_t> labels;  ///< [n]
};
/// Of all readable, labelled samples of the split, in order.
ProbeFeatures probe_features_of(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options);
/// Of one batch, [B, C].
Tensor probe_input(const models::AllInOne& model, const Batch& batch, nn::ForwardCtx& ctx);

class TrainedProbe {
 public:
  /// Trains. Throws Error{value} for labels outside 0 .. classes - 1 or no features.
  TrainedProbe(const models::AllInOne& model, const ProbeFeatures& features, std::int64_t classes,
               const ProbeOptions& options);
  ~TrainedProbe();
  /// cls [B, C] -> scores [B, classes].
  Tensor scores(const Tensor& cls, nn::ForwardCtx& ctx) const;
  double last_loss() const { return last_loss_; }

 private:
  struct Layers;
  const models::AllInOne& model_;
  std::unique_ptr<Layers> layers_;
  double last_loss_ = 0;
};

/// Trains on one split, evaluates as action.h on the other. Throws Error{value} for data of another task.
Evaluation evaluate_probe(const models::AllInOne& model, const EvalSplit& train, const EvalSplit& split,
                          const EvalOptions& options, const ProbeOptions& probe);

}  // namespace aio::apps
