#include "nn/transformer_block.h"

#include <cmath>

#include "autograd/ops.h"

namespace aio::nn {

TransformerBlock::TransformerBlock(const ParamScope& scope, const BlockConfig& config)
    : norm1(scope / "norm1", config.dim, config.eps),
      attn(scope / "attn", {config.dim, config.heads, config.qkv_bias, config.dropout, config.init}),
      norm2(scope / "norm2", config.dim, config.eps),
      mlp(scope / "mlp", config.dim, std::llround(config.mlp_ratio * static_cast<double>(config.dim)), config.dropout,
          config.init),
      drop_path(config.drop_path) {}

Tensor TransformerBlock::forward(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options) const {
  return finish(x, attn.mix(norm1.forward(x, ctx), ctx, options), ctx);
}

Tensor TransformerBlock::forward_part(const Tensor& x, std::int64_t begin, std::int64_t end, ForwardCtx& ctx,
                                      const AttentionOptions& options) const {
  const Tensor mixed = attn.mix_part(norm1.forward(x, ctx), begin, end, ctx, options);
  return finish(slice(x, 1, begin, end), mixed, ctx);
}

Tensor TransformerBlock::forward_cached(const Tensor& x, KvCache& cache, ForwardCtx& ctx,
                                        const AttentionOptions& options) const {
  return finish(x, attn.mix_cached(norm1.forward(x, ctx), cache, ctx, options), ctx);
}

Tensor TransformerBlock::finish(const Tensor& x, const Tensor& mixed, ForwardCtx& ctx) const {
  if (drop_path.acts(ctx)) {
    const Tensor y = x + drop_path.forward(attn.proj_drop.forward(attn.proj.forward(mixed, ctx), ctx), ctx);
    return y + drop_path.forward(mlp.forward(norm2.forward(y, ctx), ctx), ctx);
  }
  const Tensor y = attn.proj.forward_residual(mixed, x, attn.proj_drop, ctx);
  return mlp.forward(norm2.forward(y, ctx), ctx, y);
}

}  // namespace aio::nn
