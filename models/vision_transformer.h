#pragma once
// The backbone: blocks with token rolling before each, and the final norm. One set of weights for video, text and both.

#include <functional>
#include <string_view>
#include <vector>

#include "models/aio_config.h"
#include "nn/layer_norm.h"
#include "nn/transformer_block.h"

namespace aio::models {

/// Called with "block0.in", "block0", "block1.in", ..., "norm" and [B, T, N, C]: for tests, tools and pictures.
using Observer = std::function<void(std::string_view name, const Tensor& x)>;

struct TransformerOptions {
  std::int64_t visual = 0;  ///< of the N tokens, the first `visual` are visual
  bool roll = false;
  AttentionOptions attention{};  ///< over [B * T] sequences of N tokens
  /// The tokens that are read: the last block computes only these, exactly. end < 0: all.
  std::int64_t read_begin = 0, read_end = -1;
  Observer observer{};
};

struct VisionTransformer {
  /// Parameters "blocks.I.*" and "norm.*".
  VisionTransformer(const nn::ParamScope& scope, const AioConfig& config);

  /// x [B, T, N, C] of type ctx.compute -> after all blocks and the final norm, [B, T, tokens read, C].
  /// Tokens are rolled in the memory of x if it is handed over (std::move).
  Tensor forward(Tensor x, nn::ForwardCtx& ctx, const TransformerOptions& options) const;

  std::vector<nn::TransformerBlock> blocks;
  nn::LayerNorm norm;

 private:
  RollConfig roll_;
  bool recompute_;
};

}  // namespace aio::models
