#pragma once
// How much the words of a sentence look at each token of a video, summed up over a model.

#include <vector>

#include "apps/visualizer/subject.h"
#include "nn/transformer_block.h"

namespace aio::apps {

/// softmax(q k^T / sqrt(D)) of a block whose input is x [B, N, C]: [B, heads, N, N]; row i says what token i looks at.
/// The block itself computes it fused and never holds it.
Tensor attention_probabilities(const nn::TransformerBlock& block, const Tensor& x, nn::ForwardCtx& ctx);

/// Means over the words, the heads and the blocks.
struct TextAttention {
  std::vector<double> by_slot;   ///< [visual]: what slot n gets, mean over frames; with what falls on text it sums to 1
  std::vector<double> by_patch;  ///< [T * patches]: what the patches of each frame get, wherever rolling took them
  double on_video = 0;           ///< the part of all attention that is not on text
};
TextAttention text_attention(const Subject& subject);

}  // namespace aio::apps
