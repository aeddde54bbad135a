#pragma once
// BERT's embeddings: word + token type 0 + absolute position, LayerNorm, dropout.

#include "models/aio_config.h"
#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/layer_norm.h"

namespace aio::models {

struct TextEmbeddings {
  /// Parameters "word_embeddings.weight" [vocab, C], "position_embeddings.weight" [max_text_len, C],
  /// "token_type_embeddings.weight" [2, C] (row 1 is never used) and "LayerNorm.*".
  TextEmbeddings(const nn::ParamScope& scope, const AioConfig& config);

  /// ids i64 [B, L] -> [B, L, C] of the parameters' type; column 0 stands at position `first` of the text. Throws
  /// Error{value} if first + L exceeds the position table.
  Tensor forward(const Tensor& ids, nn::ForwardCtx& ctx, std::int64_t first = 0) const;

  nn::Embedding word, position, token_type;
  nn::LayerNorm norm;
  nn::Dropout drop;
};

}  // namespace aio::models
