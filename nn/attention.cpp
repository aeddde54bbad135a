#include "nn/attention.h"

#include "tensor/error.h"

namespace aio::nn {
namespace {
int checked_heads(const AttentionConfig& config) {
  check(config.heads > 0 && config.dim % config.heads == 0, ErrorCode::config, "MultiheadSelfAttention: ", config.heads,
        " heads, expected a divisor of dim ", config.dim);
  return config.heads;
}
}  // namespace

MultiheadSelfAttention::MultiheadSelfAttention(const ParamScope& scope, const AttentionConfig& config)
    : heads(checked_heads(config)),
      qkv(scope / "qkv", config.dim, 3 * config.dim, config.qkv_bias ? config.init : config.init.without_bias()),
      proj(scope / "proj", config.dim, config.dim, config.init),
      proj_drop(config.dropout) {}

Tensor MultiheadSelfAttention::forward(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options) const {
  return proj_drop.forward(proj.forward(mix(x, ctx, options), ctx), ctx);
}

Tensor MultiheadSelfAttention::mix(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options) const {
  return attention_packed(qkv.forward(x, ctx), heads, options);
}

}  // namespace aio::nn
