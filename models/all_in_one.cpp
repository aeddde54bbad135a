#include "models/all_in_one.h"

#include <algorithm>
#include <utility>

#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

const AioConfig& validated(const AioConfig& config) {
  config.validate();
  return config;
}

/// Each value `times` times in a row: one for each frame of the clip.
std::vector<std::int64_t> repeated(const std::vector<std::int64_t>& values, std::int64_t times) {
  std::vector<std::int64_t> result;
  for (const std::int64_t value : values) result.insert(result.end(), static_cast<std::size_t>(times), value);
  return result;
}

/// u8 [sequences, 1, 1, visual + text]: valid visual tokens, then as many text tokens as there are.
Tensor key_mask(const Tensor& visual_valid, const std::vector<std::int64_t>& text_lengths, std::int64_t text) {
  const std::int64_t sequences = visual_valid.dim(0), visual = visual_valid.dim(1);
  const std::vector<std::uint8_t> valid = visual_valid.to_vector<std::uint8_t>();
  std::vector<std::uint8_t> mask;
  for (std::int64_t i = 0; i < sequences; ++i) {
    mask.insert(mask.end(), valid.begin() + i * visual, valid.begin() + (i + 1) * visual);
    const std::int64_t length = text_lengths.empty() ? 0 : text_lengths[static_cast<std::size_t>(i)];
    mask.insert(mask.end(), static_cast<std::size_t>(length), 1);
    mask.insert(mask.end(), static_cast<std::size_t>(text - length), 0);
  }
  return Tensor::from(mask, {sequences, 1, 1, visual + text});
}

/// The smallest of `lengths` and `limit`.
std::int64_t shortest(const Tensor& lengths, std::int64_t limit) {
  for (const std::int64_t length : lengths.to_vector<std::int64_t>()) limit = std::min(limit, length);
  return limit;
}

/// Which keys a token sees: not padding, and what the caller allows.
AttentionOptions visible_keys(const VideoTokens& video, const TextTokens& text, const EncodeOptions& options) {
  AttentionOptions attention;
  attention.allowed = options.allowed;
  const std::int64_t visual = video.tokens.defined() ? video.visual() : 0;
  const std::int64_t frames = video.tokens.defined() ? video.frames() : 1;
  const std::int64_t L = text.tokens.defined() ? text.tokens.dim(1) : 0;
  const auto lengths = [texts = text.tokens.defined() ? text.lengths : Tensor{}, frames] {
    return texts.defined() ? repeated(texts.to_vector<std::int64_t>(), frames) : std::vector<std::int64_t>{};
  };
  const Device device = (video.tokens.defined() ? video.tokens : text.tokens).device();
  if (video.valid.defined()) {
    const Tensor mask =
        host_tensor([valid = video.valid, lengths, L] { return key_mask(valid, lengths(), L); }).to(device);
    if (options.allowed.defined()) {
      attention.allowed = mul(cast(mask, DType::f32), cast(options.allowed, DType::f32));
      attention.allowed = cast(attention.allowed, DType::u8);
    } else {
      attention.allowed = mask;
    }
  } else if (text.tokens.defined() && host_number([texts = text.lengths, L] { return shortest(texts, L) < L; }) != 0) {
    attention.key_lengths = host_tensor([lengths, visual] {
      std::vector<std::int64_t> keys = lengths();
      for (std::int64_t& length : keys) length += visual;
      return Tensor::from(keys, {static_cast<std::int64_t>(keys.size())});
    });
  }
  return attention;
}

/// Options of a pass over `visual` video tokens, then `text` tokens.
TransformerOptions pass(std::int64_t visual, std::int64_t text, bool roll, AttentionOptions attention,
                        const EncodeOptions& options) {
  TransformerOptions out{visual, roll, std::move(attention), 0, -1, options.observer};
  if (options.reads == Reads::cls || (options.reads == Reads::text && text > 0)) {
    out.read_begin = text > 0 ? visual : 0;
    out.read_end = options.reads == Reads::cls ? out.read_begin + 1 : visual + text;
  }
  return out;
}

/// [B, T, N, C] -> [B, N, C]
Tensor mean_over_frames(const Tensor& x) {
  return x.dim(1) == 1 ? reshape(x, {x.dim(0), x.dim(2), x.dim(3)}) : mean(x, {1});
}

}  // namespace

std::vector<std::int64_t> text_lengths(const Tensor& mask) {
  const std::int64_t B = mask.dim(0), L = mask.dim(1);
  const std::vector<std::int64_t> values = mask.to_vector<std::int64_t>();
  std::vector<std::int64_t> lengths;
  for (std::int64_t b = 0; b < B; ++b) {
    const auto row = values.begin() + b * L;
    const auto end = std::find(row, row + L, 0);
    check(end != row, ErrorCode::value, "text: the mask's row ", b, " is empty, expected at least [CLS]");
    check(std::all_of(end, row + L, [](std::int64_t value) { return value == 0; }), ErrorCode::value,
          "text: the mask's row ", b, " has a real token after padding, expected padding at the end only");
    lengths.push_back(end - row);
  }
  return lengths;
}

std::int64_t longest_text(const Tensor& lengths) {
  return host_number([lengths] {
    const std::vector<std::int64_t> values = lengths.to_vector<std::int64_t>();
    return *std::max_element(values.begin(), values.end());
  });
}

Tensor Encoded::cls() const { return select(text.defined() ? text : video, 1, 0); }

AllInOne::AllInOne(nn::ParamStore& store, const AioConfig& cfg)
    : config(validated(cfg)),
      text_embeddings(nn::ParamScope(store, "text_embeddings"), cfg),
      token_type_embeddings(nn::ParamScope(store, "token_type_embeddings"), cfg.head.nlvr2 ? 3 : 2, cfg.hidden_size,
                            nn::Init::normal(cfg.init_std)),
      video_embeddings(nn::ParamScope(store, "transformer"), cfg),
      transformer(nn::ParamScope(store, "transformer"), cfg),
      video_drop(cfg.dropout),
      pooler(nn::ParamScope(store, "pooler") / "dense", cfg.hidden_size, cfg.hidden_size,
             nn::LinearOptions::normal(cfg.init_std)),
      heads(nn::ParamScope(store), cfg) {
  if (cfg.separate_image_heads) image_heads.emplace(nn::ParamScope(store, "image_heads"), cfg);
}

TextTokens AllInOne::embed_text(const TextBatch& text, nn::ForwardCtx& ctx, const TextOptions& options) const {
  check(text.ids.rank() == 2 && text.ids.dtype() == DType::i64 && text.mask.shape() == text.ids.shape() &&
            text.mask.dtype() == DType::i64,
        ErrorCode::shape, "text: ids are ", describe(text.ids), ", the mask ", describe(text.mask),
        ", expected i64 [B, L] both");
  TextTokens out;
  out.lengths = host_tensor([mask = text.mask] { return Tensor::from(text_lengths(mask), {mask.dim(0)}); });
  std::int64_t L = text.ids.dim(1);
  if (!options.keep_padding && out.lengths.numel() > 0) L = longest_text(out.lengths);
  const Tensor embedded = text_embeddings.forward(slice(text.ids, 1, 0, L), ctx);
  out.tokens = embedded + select(token_type_embeddings.weight, 0, 0);
  return out;
}

VideoTokens AllInOne::embed_video(const Tensor& frames, nn::ForwardCtx& ctx, const VideoOptions& options) const {
  return video_embeddings.forward(frames, ctx, options);
}

Encoded AllInOne::encode(const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
                         const EncodeOptions& options) const {
  check(text.tokens.dim(0) == video.tokens.dim(0), ErrorCode::shape, "encode: ", text.tokens.dim(0), " texts and ",
        video.tokens.dim(0), " videos, expected one text for each video");
  const std::int64_t B = video.tokens.dim(0), T = video.frames(), visual = video.visual();
  const std::int64_t L = text.tokens.dim(1), C = config.hidden_size;
  const Tensor video_part =
      video_drop.forward(video.tokens, ctx) + select(token_type_embeddings.weight, 0, options.video_type);
  const Tensor text_part = expand(unsqueeze(text.tokens, 1), {B, T, L, C});
  Tensor x = cast(concat({video_part, text_part}, 2), ctx.compute);

  Encoded out;
  out.frames = transformer.forward(std::move(x), ctx,
                                   pass(visual, L, options.roll, visible_keys(video, text, options), options));
  const Tensor averaged = mean_over_frames(out.frames);
  if (options.reads != Reads::all) {
    out.text = averaged;
    return out;
  }
  out.video = slice(averaged, 1, 0, visual);
  out.text = slice(averaged, 1, visual, visual + L);
  return out;
}

Encoded AllInOne::encode_text(const TextTokens& text, nn::ForwardCtx& ctx, const EncodeOptions& options) const {
  const Tensor x = cast(unsqueeze(text.tokens, 1), ctx.compute);  // one "frame"
  Encoded out;
  out.frames =
      transformer.forward(x, ctx, pass(0, text.tokens.dim(1), false, visible_keys({}, text, options), options));
  out.text = mean_over_frames(out.frames);
  return out;
}

Encoded AllInOne::encode_video(const VideoTokens& video, nn::ForwardCtx& ctx, const EncodeOptions& options) const {
  const Tensor typed =
      video_drop.forward(video.tokens, ctx) + select(token_type_embeddings.weight, 0, options.video_type);
  const bool roll = options.roll && config.roll.video_only;
  Encoded out;
  out.frames = transformer.forward(cast(typed, ctx.compute), ctx,
                                   pass(video.visual(), 0, roll, visible_keys(video, {}, options), options));
  out.video = mean_over_frames(out.frames);
  return out;
}

Tensor AllInOne::pool(const Tensor& cls, nn::ForwardCtx& ctx) const { return tanh(pooler.forward(cls, ctx)); }

}  // namespace aio::models
