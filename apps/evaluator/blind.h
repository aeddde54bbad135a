#pragma once
// The blind baseline: what a model answers without looking. A text-only pass stands in for the joint one.

#include "models/all_in_one.h"

namespace aio::apps {

/// tanh(pooler([CLS])) of the texts alone: i64 [B, L] -> [B, C]; i64 [B, options, L] -> [B, options, C].
Tensor blind_features(const models::AllInOne& model, const models::TextBatch& text, nn::ForwardCtx& ctx);

}  // namespace aio::apps
