#include "nn/transformer_block.h"

#include <cmath>

namespace aio::nn {

TransformerBlock::TransformerBlock(const ParamScope& scope, const BlockConfig& config)
    : norm1(scope / "norm1", config.dim, config.eps),
      attn(scope / "attn", {config.dim, config.heads, config.qkv_bias, config.dropout, config.init}),
      norm2(scope / "norm2", config.dim, config.eps),
      mlp(scope / "mlp", config.dim, std::llround(config.mlp_ratio * static_cast<double>(config.dim)), config.dropout,
          config.init),
      drop_path(config.drop_path) {}

Tensor TransformerBlock::forward(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options) const {
  const Tensor mixed = x + drop_path.forward(attn.forward(norm1.forward(x, ctx), ctx, options), ctx);
  return mixed + drop_path.forward(mlp.forward(norm2.forward(mixed, ctx), ctx), ctx);
}

}  // namespace aio::nn
