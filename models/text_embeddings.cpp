#include "models/text_embeddings.h"

#include "autograd/ops.h"

namespace aio::models {
namespace {
constexpr std::int64_t kPad = 0;  // its row is drawn like the others but gets no gradient
}

TextEmbeddings::TextEmbeddings(const nn::ParamScope& scope, const AioConfig& config)
    : word(scope / "word_embeddings", config.vocab_size, config.hidden_size, nn::Init::normal(config.init_std), kPad),
      position(scope / "position_embeddings", config.max_text_len, config.hidden_size,
               nn::Init::normal(config.init_std)),
      token_type(scope / "token_type_embeddings", 2, config.hidden_size, nn::Init::normal(config.init_std)),
      norm(scope / "LayerNorm", config.hidden_size, nn::kBertEps),
      drop(config.dropout) {}

Tensor TextEmbeddings::forward(const Tensor& ids, nn::ForwardCtx& ctx, std::int64_t first) const {
  check(ids.rank() == 2 && ids.dtype() == DType::i64, ErrorCode::shape, "text: ids are ", describe(ids),
        ", expected i64 [B, L]");
  const std::int64_t end = first + ids.dim(1), limit = position.weight.dim(0);
  check(end <= limit, ErrorCode::value, "text: ", end, " tokens, but the model has ", limit,
        " text positions (cut the text, or build the model with a larger max_text_len)");
  const Tensor places = slice(position.weight, 0, first, end) + select(token_type.weight, 0, 0);
  return drop.forward(norm.forward(word.forward(ids, ctx) + places, ctx), ctx);
}

}  // namespace aio::models
