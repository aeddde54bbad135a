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

Tensor MultiheadSelfAttention::mix_part(const Tensor& x, std::int64_t begin, std::int64_t end, ForwardCtx& ctx,
                                        const AttentionOptions& options) const {
  check(!options.causal, ErrorCode::value, "MultiheadSelfAttention: a part of the queries cannot be causal");
  const std::int64_t B = x.dim(0), N = x.dim(1), C = x.dim(2), D = C / heads;
  const Linear::Weights w = qkv.cast_weights(ctx);
  const std::vector<Tensor> weights = split(w.weight, {C, 2 * C}, 0);  // of queries; of keys and values
  const std::vector<Tensor> biases = w.bias.defined() ? split(w.bias, {C, 2 * C}, 0) : std::vector<Tensor>(2);
  const Tensor q = reshape(linear(slice(x, 1, begin, end), weights[0], biases[0]), {B, end - begin, heads, D});
  const Tensor kv = reshape(linear(x, weights[1], biases[1]), {B, N, std::int64_t{2} * heads, D});
  const std::vector<Tensor> parts = split(kv, {heads, heads}, 2);
  AttentionOptions part = options;
  if (part.allowed.defined() && part.allowed.rank() >= 2 && part.allowed.dim(-2) == N) {
    part.allowed = slice(part.allowed, part.allowed.rank() - 2, begin, end);
  }
  return reshape(attention(q, parts[0], parts[1], part), {B, end - begin, C});
}

Tensor MultiheadSelfAttention::mix_cached(const Tensor& x, KvCache& cache, ForwardCtx& ctx,
                                          const AttentionOptions& options) const {
  const std::int64_t B = x.dim(0), N = x.dim(1), C = x.dim(2);
  const Tensor projected = reshape(qkv.forward(x, ctx), {B, N, 3, heads, C / heads});
  cache.append(select(projected, 2, 1), select(projected, 2, 2));
  return reshape(attention(select(projected, 2, 0), cache.keys(), cache.values(), options), {B, N, C});
}

}  // namespace aio::nn
