#include "models/objectives/caption.h"

#include <algorithm>

#include "autograd/ops.h"
#include "models/objectives/mlm.h"

namespace aio::models {
namespace {

const MlmHead& caption_head(const AllInOne& model) {
  return require_head(model.heads.caption, "captioning", "lm_score");
}

/// The texts with [MASK] after their last token; `places` [B, 1] says where that is.
TextBatch append_mask(const TextBatch& text, std::int64_t mask_id, Tensor* places) {
  const std::vector<std::int64_t> lengths = text_lengths(text.mask);
  const std::int64_t B = text.ids.dim(0), L = text.ids.dim(1);
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  const std::vector<std::int64_t> old = text.ids.to_vector<std::int64_t>();
  std::vector<std::int64_t> ids, mask;
  for (std::int64_t b = 0; b < B; ++b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    ids.insert(ids.end(), old.begin() + b * L, old.begin() + b * L + length);
    ids.insert(ids.end(), static_cast<std::size_t>(longest + 1 - length), mask_id);
    mask.insert(mask.end(), static_cast<std::size_t>(length + 1), 1);
    mask.insert(mask.end(), static_cast<std::size_t>(longest - length), 0);
  }
  *places = Tensor::from(lengths, {B, 1});
  const Device device = text.ids.device();
  return {Tensor::from(ids, {B, longest + 1}, device), Tensor::from(mask, {B, longest + 1}, device)};
}

}  // namespace

Tensor caption_mask(std::int64_t visual, std::int64_t text, Device device) {
  const std::int64_t N = visual + text;
  std::vector<std::uint8_t> allowed(static_cast<std::size_t>(N * N), 0);
  for (std::int64_t query = 0; query < N; ++query) {
    const std::int64_t seen = query < visual ? visual : query + 1;  // the text ends the sequence
    std::fill_n(allowed.begin() + query * N, seen, std::uint8_t{1});
  }
  return Tensor::from(allowed, {1, 1, N, N}, device);
}

Tensor caption_features(const AllInOne& model, const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
                        const InputOptions& options) {
  EncodeOptions encode = encode_options(options);
  encode.allowed = caption_mask(video.visual(), text.tokens.dim(1), video.tokens.device());
  return model.encode(text, video, ctx, encode).text;
}

Tensor caption_logits(const AllInOne& model, const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
                      const InputOptions& options) {
  return caption_head(model).forward(caption_features(model, text, video, ctx, options), ctx);
}

Scored captioning(const AllInOne& model, const CaptionBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const MlmHead& head = caption_head(model);
  const VideoTokens video = embed_input(model, batch.frames, ctx, options);
  const TextTokens text = model.embed_text(batch.text, ctx, options.text);
  const Tensor features = caption_features(model, text, video, ctx, options);
  const MlmLoss masked = masked_token_loss(head, features, batch.labels, ctx, "captioning");
  return {masked.loss, masked.logits};
}

Tensor next_token_logits(const AllInOne& model, const TextBatch& text, const VideoTokens& video, std::int64_t mask_id,
                         nn::ForwardCtx& ctx, const InputOptions& options) {
  Tensor places;
  const TextBatch asked = append_mask(text, mask_id, &places);
  const Tensor features = caption_features(model, model.embed_text(asked, ctx, options.text), video, ctx, options);
  const Tensor last = squeeze(select_rows(features, places), 1);
  return caption_head(model).forward(last, ctx);
}

}  // namespace aio::models
