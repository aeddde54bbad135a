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

/// encode() and embed_video() as the options ask.
EncodeOptions encode_options(const InputOptions& options);
VideoTokens embed_input(const AllInOne& model, const Tensor& frames, nn::ForwardCtx& ctx, const InputOptions& options);

/// tanh(pooler([CLS])) of the joint pass, [B, C]: what every classifier reads.
Tensor joint_features(const AllInOne& model, const TextBatch& text, const Tensor& frames, nn::ForwardCtx& ctx,
                      const InputOptions& options = {});

/// Pairs of one text and one video each, by row.
struct Pairs {
  std::vector<std::int64_t> texts, videos;  ///< as many of both
  std::int64_t size() const { return static_cast<std::int64_t>(texts.size()); }
};
/// The joint pass over pairs, pooled: [pairs, C]. The tokens may be shared by any number of pairs; the pass sees no
/// more text than its longest, unless options.text keeps padding. Throws Error{index} for rows that are not there.
Tensor pair_features(const AllInOne& model, const TextTokens& texts, const VideoTokens& videos, const Pairs& pairs,
                     nn::ForwardCtx& ctx, const InputOptions& options = {});

/// The joint pass of each video [B] with each of its texts i64 [B, options, L], pooled: [B, options, C].
Tensor option_features(const AllInOne& model, const TextBatch& texts, const VideoTokens& videos, nn::ForwardCtx& ctx,
                       const InputOptions& options = {});

}  // namespace aio::models
