#pragma once
// The video tokenizer: patches, positions in space and time, prefix tokens.

#include <cstdint>

#include "models/aio_config.h"
#include "nn/patch_embed.h"

namespace aio::models {

struct VideoOptions {
  /// Off for still images of co-training (and wherever the reference leaves it out).
  bool temporal_embedding = true;
  /// i64 [B * T, patches]: token 1 + j of a frame holds patch order[j]; undefined: as the configuration says.
  Tensor patch_order{};
  /// Look for zero padding in the pixels, so that images of different sizes can share a batch: a patch whose first
  /// pixel's channels sum to exactly 0 is padding. Clips have none, and then it costs only the look.
  bool detect_padding = false;
  /// u8 [B, T, patches]: patches whose embedding is replaced by `mask_token` (masked patch prediction).
  Tensor masked_patches{};
  Tensor mask_token{};  ///< [C]
};

/// A video as tokens, before dropout and before the model's token type is added.
struct VideoTokens {
  Tensor tokens;       ///< [B, T, visual, C]; T = 1 for time_average and flatten
  Tensor valid;        ///< u8 [B * T, visual]; undefined: all are
  Tensor patch_index;  ///< i64 [B * T, patches]: which patch, in raster order, each token after the prefix holds;
                       ///< undefined: the n-th token the n-th
  std::int64_t frames() const { return tokens.dim(1); }
  std::int64_t visual() const { return tokens.dim(2); }
};

struct VideoEmbeddings {
  /// Parameters "cls_token" [1, 1, C], ("dist_token"), "pos_embed" [1, prefix + patches, C], "temporal_embed"
  /// [1, frames, C] and "patch_embed.proj.*".
  VideoEmbeddings(const nn::ParamScope& scope, const AioConfig& config);

  /// frames [B, T, 3, H, W] -> tokens. H and W are multiples of the patch; where they differ from the table's size the
  /// position grid is resized (bilinear, align_corners). `shuffle` is drawn from for PatchOrder::shuffled.
  /// Throws Error{shape}; Error{value} if T exceeds the temporal table and that is used.
  VideoTokens forward(const Tensor& frames, nn::ForwardCtx& ctx, const VideoOptions& options = {}) const;

  nn::PatchEmbed patch_embed;
  Tensor cls_token, dist_token, pos_embed, temporal_embed;

 private:
  AioConfig config_;
};

}  // namespace aio::models
