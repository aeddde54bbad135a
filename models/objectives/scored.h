#pragma once
// What the fine-tuning objectives share: their result, how they embed their inputs, and the joint pass to one vector.
//
// All of them take a model, a batch and a ForwardCtx, throw Error{config} where the model lacks their head and
// Error{shape|dtype|value|index} for a batch that does not fit, and use the model's own heads (not image_heads, which
// are those of co-training).

#include <vector>

#include "models/all_in_one.h"

namespace aio::models {

/// A loss to differentiate, and the scores that it judges.
struct Scored {
  Tensor loss;    ///< scalar of the accumulator's type; undefined where the batch has no labels
  Tensor scores;  ///< as each objective says, of ctx.compute
};

struct InputOptions {
  /// Still images: no temporal embedding, no rolling, padding looked for (images of several sizes in one batch).
  bool images = false;
  TextOptions text{};
  VideoOptions video{};
  EncodeOptions encode{};
};

/// Embeddings as the options ask.
VideoTokens embed_input(const AllInOne& model, const Tensor& frames, nn::ForwardCtx& ctx, const InputOptions& options);

/// tanh(pooler([CLS])) of the joint pass, [B, C]: what every classifier reads.
Tensor joint_features(const AllInOne& model, const TextBatch& text, const Tensor& frames, nn::ForwardCtx& ctx,
                      const InputOptions& options = {});

/// Pairs of one text and one video each, by row.
struct Pairs {
  std::vector<std::int64_t> texts, videos;  ///< as many of both
  std::int64_t size() const { return static_cast<std::int64_t>(texts.size()); }
  /// Text i of videos * options with video i / options: each video with its options, in order.
  static Pairs options(std::int64_t videos, std::int64_t options);
};
/// The joint pass over pairs, pooled: [pairs, C]. The tokens may be shared by any number of pairs; the pass sees no
/// more text than its longest. Throws Error{index} for rows that are not there.
Tensor pair_features(const AllInOne& model, const TextTokens& texts, const VideoTokens& videos, const Pairs& pairs,
                     nn::ForwardCtx& ctx, const InputOptions& options = {});

/// [B, options, L] -> [B * options, L], video by video. Throws Error{shape}.
TextBatch flatten_options(const TextBatch& options);

}  // namespace aio::models
