#pragma once
// Masked patch prediction: tell a replaced patch's mean colour, each channel as one of 256 classes.
//
// The released code cannot run: its mask token was never made, and labels are per frame while features are means over
// frames. Repaired here so that one frame gives what the release meant: features are those of each frame before the
// mean, and a label goes where its patch goes, through shuffling and through the rolling of all layers.

#include <array>

#include "models/all_in_one.h"

namespace aio::models {

struct MppOptions {
  double probability = 0.15;  ///< of a patch to be predicted
  double replaced = 0.8;      ///< of a predicted patch to be replaced by the mask token; the others stay as they are
  /// How pixels were normalised, to undo it. The release assumes 0.5 / 0.5 also for clips normalised otherwise, whose
  /// labels then leave 0..255; here they are clamped besides.
  std::array<double, 3> mean = {0.5, 0.5, 0.5};
  std::array<double, 3> stddev = {0.5, 0.5, 0.5};
};

struct MppTargets {
  Tensor labels;    ///< i64 [B, T, patches, 3] in raster order: the classes, or -100
  Tensor replaced;  ///< u8 [B, T, patches]: VideoOptions::masked_patches
};
/// predicted, replaced u8 [B, T, patches]: the two draws; a patch is replaced if both are set.
MppTargets mpp_targets(const Tensor& frames, std::int64_t patch_size, const Tensor& predicted, const Tensor& replaced,
                       const MppOptions& options);
/// The same with draws of its own.
MppTargets draw_mpp_targets(const Tensor& frames, std::int64_t patch_size, const MppOptions& options, RngKey key_1,
                            RngKey key_2);

/// Where each label is after the backbone: labels i64 [B, T, patches, 3] -> [B, T', visual, 3], -100 for prefix tokens
/// and for tokens that a reference form of rolling overwrites. `video` is the embedding of the pass. Throws
/// Error{config} for roll kinds whose tokens are no longer one patch's ("channel", "time_average").
Tensor labels_by_token(const AioConfig& config, const VideoTokens& video, const Tensor& labels, bool rolled);

struct MppLoss {
  Tensor loss;    ///< mean cross entropy over predicted patches and channels; 0 without any
  Tensor logits;  ///< [predicted, 3, 256]
  Tensor labels;  ///< i64 [predicted, 3]
};
/// joint: a pass over unmasked text and the masked video; token_labels: from labels_by_token(). Throws Error{config}
/// without the head.
MppLoss mpp_loss(const Heads& heads, const Encoded& joint, const Tensor& token_labels, nn::ForwardCtx& ctx);

}  // namespace aio::models
