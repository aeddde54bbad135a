#pragma once
// Clip order prediction: the frames' text [CLS] states are put in another order, which is to be told.

#include "models/all_in_one.h"

namespace aio::models {

/// Index of each row of orders i64 [B, T], permutations of 0..T-1, among all T! in lexicographic order: i64 [B].
/// Throws Error{value} for a row that is no permutation.
Tensor order_labels(const Tensor& orders);
/// A random order for each clip, i64 [B, T].
Tensor draw_clip_orders(std::int64_t batch, std::int64_t frames, RngKey key);

struct VcopLoss {
  Tensor loss;
  Tensor logits;    ///< [B, T!]
  Tensor labels;    ///< i64 [B]
  Tensor features;  ///< [B, T, C]: the [CLS] state of each frame, in the true order
};
/// joint: a pass over unmasked text and own clips, Reads::all or cls; orders i64 [B, T]: slot j shows frame
/// orders[b, j]. What tells the frames apart is rolling and the temporal embedding. Throws Error{config} without the
/// head, or where the model has no frames left (roll.kind "flatten", "time_average"), Error{shape}.
VcopLoss vcop_loss(const Heads& heads, const Encoded& joint, const Tensor& orders, nn::ForwardCtx& ctx);

}  // namespace aio::models
