#include "models/objectives/caption_decoder.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/token_rolling.h"

namespace aio::models {
namespace {

/// Which of the videos' sequences [B * frames] each caption's [B * rows * frames] is about.
std::vector<std::int64_t> sequences_of(std::int64_t videos, std::int64_t rows, std::int64_t frames) {
  std::vector<std::int64_t> source;
  for (std::int64_t caption = 0; caption < videos * rows; ++caption) {
    for (std::int64_t t = 0; t < frames; ++t) source.push_back(caption / rows * frames + t);
  }
  return source;
}

}  // namespace

CaptionDecoder::CaptionDecoder(const AllInOne& model, const VideoTokens& video, std::int64_t rows,
                               std::int64_t max_words, nn::ForwardCtx& ctx, const InputOptions& options)
    : model_(model), videos_(video.tokens.dim(0)), rows_(rows), frames_(video.frames()), visual_(video.visual()) {
  require_head(model.heads.caption, "captioning", "lm_score");
  check(!ctx.training, ErrorCode::value, "captions are written in evaluation mode: dropout would change what is kept");
  check(rows > 0 && max_words > 0, ErrorCode::value, "CaptionDecoder: ", rows, " captions of ", max_words, " words");
  const NoGrad no_grad;
  const AioConfig& config = model.config;
  const EncodeOptions encode = encode_options(options);
  const std::int64_t C = config.hidden_size, H = config.heads;
  Tensor x = cast(video.tokens + select(model.token_type_embeddings.weight, 0, encode.video_type), ctx.compute);
  AttentionOptions seen;
  if (video.valid.defined()) seen.allowed = reshape(video.valid, {videos_ * frames_, 1, 1, visual_}).to(x.device());
  const std::vector<std::int64_t> source = sequences_of(videos_, rows_, frames_);
  for (std::size_t i = 0; i < model.transformer.blocks.size(); ++i) {
    if (encode.roll) x = roll_tokens(std::move(x), visual_, static_cast<int>(i), config.roll);
    nn::KvCache cache(videos_ * frames_, visual_ + max_words + 1, H, C / H, x.options());
    const Tensor in = reshape(x, {videos_ * frames_, visual_, C});
    x = reshape(model.transformer.blocks[i].forward_cached(in, cache, ctx, seen), {videos_, frames_, visual_, C});
    caches_.push_back(rows == 1 ? cache : cache.select(source));
  }
  if (video.valid.defined()) {
    const std::vector<std::uint8_t> valid = video.valid.to_vector<std::uint8_t>();
    for (const std::int64_t sequence : source)
      valid_.insert(valid_.end(), valid.begin() + sequence * visual_, valid.begin() + (sequence + 1) * visual_);
  }
}

Tensor CaptionDecoder::visible(std::int64_t keys) const {
  const std::int64_t sequences = captions() * frames_;
  std::vector<std::uint8_t> mask;
  for (std::int64_t i = 0; i < sequences; ++i) {
    mask.insert(mask.end(), valid_.begin() + i * visual_, valid_.begin() + (i + 1) * visual_);
    mask.insert(mask.end(), static_cast<std::size_t>(keys - visual_), 1);
  }
  return Tensor::from(mask, {sequences, 1, 1, keys}, model_.token_type_embeddings.weight.device());
}

Tensor CaptionDecoder::next(const std::vector<std::int64_t>& words, std::int64_t mask_id, nn::ForwardCtx& ctx) {
  check(static_cast<std::int64_t>(words.size()) == captions(), ErrorCode::shape, "CaptionDecoder: ", words.size(),
        " words for ", captions(), " captions");
  const NoGrad no_grad;
  const std::int64_t R = captions(), T = frames_, C = model_.config.hidden_size;
  std::vector<std::int64_t> ids;
  for (const std::int64_t word : words) ids.insert(ids.end(), {word, mask_id});
  const Tensor type = select(model_.token_type_embeddings.weight, 0, 0);
  const Tensor embedded = model_.text_embeddings.forward(Tensor::from(ids, {R, 2}), ctx, words_) + type;
  Tensor x = reshape(expand(unsqueeze(cast(embedded, ctx.compute), 1), {R, T, 2, C}), {R * T, 2, C});

  AttentionOptions seen;
  seen.causal = true;  // the word does not see [MASK]
  if (!valid_.empty()) seen.allowed = visible(visual_ + words_ + 2);
  for (std::size_t i = 0; i < caches_.size(); ++i) {
    x = model_.transformer.blocks[i].forward_cached(x, caches_[i], ctx, seen);
    caches_[i].truncate(visual_ + words_ + 1);  // [MASK] is forgotten
  }
  ++words_;
  const Tensor asked = reshape(model_.transformer.norm.forward(slice(x, 1, 1, 2), ctx), {R, T, C});
  return model_.heads.caption->forward(mean(asked, {1}), ctx);
}

void CaptionDecoder::reorder(const std::vector<std::int64_t>& source) {
  check(static_cast<std::int64_t>(source.size()) == captions(), ErrorCode::shape, "CaptionDecoder: an order of ",
        source.size(), " captions, there are ", captions());
  std::vector<std::int64_t> sequences;
  for (std::size_t i = 0; i < source.size(); ++i) {
    check(source[i] / rows_ == static_cast<std::int64_t>(i) / rows_, ErrorCode::index, "CaptionDecoder: caption ", i,
          " cannot go on with caption ", source[i], " of another video");
    for (std::int64_t t = 0; t < frames_; ++t) sequences.push_back(source[i] * frames_ + t);
  }
  for (nn::KvCache& cache : caches_) cache.reorder(sequences, visual_);
}

}  // namespace aio::models
