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
  const Tensor y = close_branch(x, mixed, attn.proj, attn.proj_drop, ctx);
  return close_branch(y, mlp.hidden(norm2.forward(y, ctx), ctx), mlp.fc2, mlp.drop, ctx);
}

Tensor TransformerBlock::close_branch(const Tensor& x, const Tensor& branch, const Linear& last, const Dropout& drop,
                                      ForwardCtx& ctx) const {
  if (!drop.acts(ctx) && !drop_path.acts(ctx)) return last.forward_residual(branch, x, ctx);
  return x + drop_path.forward(drop.forward(last.forward(branch, ctx), ctx), ctx);
}

}  // namespace aio::nn
