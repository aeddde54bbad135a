#include "models/objectives/objective.h"

#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

Tensor pooled(const AllInOne& model, const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
              const InputOptions& options) {
  EncodeOptions encode = encode_options(options);
  encode.reads = Reads::cls;
  return model.pool(model.encode(text, video, ctx, encode).cls(), ctx);
}

Tensor index_tensor(const std::vector<std::int64_t>& rows) {
  return host_tensor([rows] { return Tensor::from(rows, {static_cast<std::int64_t>(rows.size())}); });
}

void check_rows(const char* what, const std::vector<std::int64_t>& rows, std::int64_t count) {
  for (const std::int64_t row : rows) {
    check(row >= 0 && row < count, ErrorCode::index, "pairs: ", what, " ", row, " is not among the ", count,
          " embedded");
  }
}

/// The texts of the given rows, cut after the longest unless padding is kept.
TextTokens select_texts(const TextTokens& texts, const std::vector<std::int64_t>& rows, const TextOptions& options) {
  check_rows("text", rows, texts.tokens.dim(0));
  const Tensor lengths = host_tensor([of_all = texts.lengths, rows] {
    const std::vector<std::int64_t> all = of_all.to_vector<std::int64_t>();
    std::vector<std::int64_t> chosen;
    for (const std::int64_t row : rows) chosen.push_back(all[static_cast<std::size_t>(row)]);
    return Tensor::from(chosen, {static_cast<std::int64_t>(chosen.size())});
  });
  const Tensor selected = index_select(texts.tokens, 0, index_tensor(rows));
  if (options.keep_padding) return {selected, lengths};
  return {slice(selected, 1, 0, longest_text(lengths)), lengths};
}

VideoTokens select_videos(const VideoTokens& videos, const std::vector<std::int64_t>& rows) {
  check_rows("video", rows, videos.tokens.dim(0));
  VideoTokens selected;
  selected.tokens = index_select(videos.tokens, 0, index_tensor(rows));
  if (videos.valid.defined()) {
    std::vector<std::int64_t> frames;
    for (const std::int64_t row : rows) {
      for (std::int64_t t = 0; t < videos.frames(); ++t) frames.push_back(row * videos.frames() + t);
    }
    const Tensor valid = cast(videos.valid, DType::f32);
    selected.valid = cast(index_select(valid, 0, index_tensor(frames)), DType::u8);
  }
  return selected;
}

}  // namespace

EncodeOptions encode_options(const InputOptions& options) {
  EncodeOptions encode = options.encode;
  encode.roll = encode.roll && !options.images;
  return encode;
}

VideoTokens embed_input(const AllInOne& model, const Tensor& frames, nn::ForwardCtx& ctx, const InputOptions& options) {
  VideoOptions video = options.video;
  if (options.images) {
    video.temporal_embedding = false;
    video.detect_padding = true;
  }
  return model.embed_video(frames, ctx, video);
}

Tensor joint_features(const AllInOne& model, const TextBatch& text, const Tensor& frames, nn::ForwardCtx& ctx,
                      const InputOptions& options) {
  const VideoTokens video = embed_input(model, frames, ctx, options);
  return pooled(model, model.embed_text(text, ctx, options.text), video, ctx, options);
}

Tensor pair_features(const AllInOne& model, const TextTokens& texts, const VideoTokens& videos, const Pairs& pairs,
                     nn::ForwardCtx& ctx, const InputOptions& options) {
  check(pairs.size() > 0 && pairs.texts.size() == pairs.videos.size(), ErrorCode::shape, "pairs: ", pairs.texts.size(),
        " texts and ", pairs.videos.size(), " videos, expected as many of both, at least one");
  return pooled(model, select_texts(texts, pairs.texts, options.text), select_videos(videos, pairs.videos), ctx,
                options);
}

Tensor option_features(const AllInOne& model, const TextBatch& texts, const VideoTokens& videos, nn::ForwardCtx& ctx,
                       const InputOptions& options) {
  check(texts.ids.rank() == 3 && texts.ids.dim(1) >= 1 && texts.mask.shape() == texts.ids.shape(), ErrorCode::shape,
        "options: ids are ", describe(texts.ids), ", the mask ", describe(texts.mask),
        ", expected i64 [B, options, L] both");
  const std::int64_t B = texts.ids.dim(0), count = texts.ids.dim(1), L = texts.ids.dim(2);
  check(videos.tokens.dim(0) == B, ErrorCode::shape, "options: ", B, " sets of texts for ", videos.tokens.dim(0),
        " videos, expected one set for each");
  Pairs pairs;
  for (std::int64_t i = 0; i < B * count; ++i) {
    pairs.texts.push_back(i);
    pairs.videos.push_back(i / count);
  }
  const TextBatch flat{reshape(texts.ids, {B * count, L}), reshape(texts.mask, {B * count, L})};
  const Tensor features = pair_features(model, model.embed_text(flat, ctx, options.text), videos, pairs, ctx, options);
  return reshape(features, {B, count, features.dim(1)});
}

}  // namespace aio::models
