#pragma once
// All-in-one (Wang et al., CVPR 2023): one transformer for video, text and both together.
//
//   frames -> VideoEmbeddings -.
//                               >- per frame [video; text] -> rolling + block, x layers -> norm -> mean over frames
//   ids    -> TextEmbeddings  -'
//
// The reference writes [text; video]. Attention does not care, and with the text last its padding ends the sequence, so
// that it can be left out: the blocks see no more text than the longest caption of the batch.

#include <optional>

#include "models/batch.h"
#include "models/heads.h"
#include "models/text_embeddings.h"
#include "models/video_embeddings.h"
#include "models/vision_transformer.h"

namespace aio::models {

/// A text as tokens, the model's token type added.
struct TextTokens {
  Tensor tokens;   ///< [B, L, C]
  Tensor lengths;  ///< i64 [B], on the host: real tokens
};

/// What a pass over the backbone gives; text or video is undefined where the pass had none, or they were not read.
struct Encoded {
  Tensor frames;  ///< [B, T, video + text tokens, C]: after the final norm, before the mean over frames; those read
  Tensor text;    ///< [B, L, C], mean over frames; L = 1 for Reads::cls
  Tensor video;   ///< [B, visual, C], mean over frames; visual = 1 for Reads::cls of a video alone
  /// Token 0, [B, C]: the text's [CLS] or, without text, the video's class token.
  Tensor cls() const;
};

/// Real tokens of each row of a mask i64 [B, L]. Throws Error{value} for empty rows and for padding before a token.
std::vector<std::int64_t> text_lengths(const Tensor& mask);
/// The largest of TextTokens::lengths: positions that a pass over these texts needs. A recording fits while it is the
/// same.
std::int64_t longest_text(const Tensor& lengths);

struct TextOptions {
  bool keep_padding = false;  ///< compute padded positions too, as the reference does; else L is the longest text's
};

/// Which of a pass's tokens are wanted. The last block computes only those: the same numbers for less work.
enum class Reads {
  all,
  text,  ///< the text's tokens
  cls    ///< token 0 of the text or, without text, of the video
};

struct EncodeOptions {
  /// Off for still images. Rolling also needs more than one frame.
  bool roll = true;
  /// u8, broadcast to [B * T, heads, N, N] over [video; text]: a further restriction, as captioning has.
  Tensor allowed{};
  Observer observer{};
  Reads reads = Reads::all;
  /// Row of token_type_embeddings added to the video: 1, or 2 for NLVR2's second image.
  std::int64_t video_type = 1;
};

struct AllInOne {
  /// Makes all parameters in `store`, named as the reference's.
  AllInOne(nn::ParamStore& store, const AioConfig& config);

  /// Throws Error{shape|dtype|value}: ids and mask i64 [B, L], L within the position table, no empty text, no holes.
  /// Ids, mask and frames may lie on the host whatever the model computes on (and had better: masks and labels are
  /// read).
  TextTokens embed_text(const TextBatch& text, nn::ForwardCtx& ctx, const TextOptions& options = {}) const;
  VideoTokens embed_video(const Tensor& frames, nn::ForwardCtx& ctx, const VideoOptions& options = {}) const;

  /// Video and text together. Embeddings may be shared by several passes: dropout acts here.
  Encoded encode(const TextTokens& text, const VideoTokens& video, nn::ForwardCtx& ctx,
                 const EncodeOptions& options = {}) const;
  /// Text alone: once, not once a frame.
  Encoded encode_text(const TextTokens& text, nn::ForwardCtx& ctx, const EncodeOptions& options = {}) const;
  /// Video alone: frames are independent unless RollConfig::video_only.
  Encoded encode_video(const VideoTokens& video, nn::ForwardCtx& ctx, const EncodeOptions& options = {}) const;

  /// tanh(dense(cls)), [B, C] -> [B, C]
  Tensor pool(const Tensor& cls, nn::ForwardCtx& ctx) const;
  /// The heads for a batch: those of images where they are separate.
  const Heads& heads_for(bool images) const { return images && image_heads ? *image_heads : heads; }

  AioConfig config;
  TextEmbeddings text_embeddings;
  nn::Embedding token_type_embeddings;  ///< row 0 text, row 1 video
  VideoEmbeddings video_embeddings;
  VisionTransformer transformer;
  nn::Dropout video_drop;
  nn::Linear pooler;
  Heads heads;
  std::optional<Heads> image_heads;
};

}  // namespace aio::models
