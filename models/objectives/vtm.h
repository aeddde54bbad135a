#pragma once
// Video-text matching: does the text belong to the clip? Some clips of a batch are exchanged for false ones.

#include "models/all_in_one.h"

namespace aio::models {

enum class VtmNegatives {
  balanced,  ///< exactly floor(B / 2) own clips, at random places: the released code
  half       ///< each clip its own coin: the paper's "with probability 0.5"
};

/// i64 [B]: 1 own clip, 0 the false one.
Tensor draw_vtm_labels(std::int64_t batch, VtmNegatives negatives, RngKey key);

/// false_frames [B, ...] of the rows with label 0, in order: all that VTM looks at.
Tensor select_negatives(const Tensor& false_frames, const Tensor& labels);

/// Own tokens where the label is 1; where it is 0 the next of `negatives`, which has one clip for each 0.
/// Throws Error{shape} if the counts differ, Error{value} for padded images: these are mixed as frames.
VideoTokens mix_clips(const VideoTokens& own, const VideoTokens& negatives, const Tensor& labels);
/// The same on frames [B, T, 3, H, W]; false_frames has all B clips.
Tensor mix_frames(const Tensor& frames, const Tensor& false_frames, const Tensor& labels);

struct VtmLoss {
  Tensor loss;    ///< cross entropy
  Tensor logits;  ///< [B, 2], class 1 = match
};
/// pooled [B, C]: the pooler's output of the joint pass over unmasked text and mixed clips. Throws Error{config}
/// without the head.
VtmLoss vtm_loss(const Heads& heads, const Tensor& pooled, const Tensor& labels, nn::ForwardCtx& ctx);

}  // namespace aio::models
