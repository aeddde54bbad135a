#pragma once
// MultiheadSelfAttention as the ViT has it: one projection to q, k and v, fused attention, output projection, dropout.

#include <cstdint>

#include "autograd/ops.h"
#include "nn/dropout.h"
#include "nn/kv_cache.h"
#include "nn/linear.h"

namespace aio::nn {

struct AttentionConfig {
  std::int64_t dim = 0;
  int heads = 1;  ///< divides dim
  bool qkv_bias = true;
  double dropout = 0;  ///< after the output projection; probabilities have none, as in the reference
  LinearOptions init = LinearOptions::truncated_normal();
};

struct MultiheadSelfAttention {
  /// Parameters "qkv.*" [3 dim, dim] (all q, all k, all v; head-major) and "proj.*" [dim, dim].
  /// Throws Error{config} if heads does not divide dim.
  MultiheadSelfAttention(const ParamScope& scope, const AttentionConfig& config);

  /// x [B, N, dim] -> [B, N, dim]. `options` says which keys a query sees (AttentionOptions: key lengths [B], causal,
  /// any mask); padded queries are computed like the others.
  Tensor forward(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options = {}) const;
  /// The same without proj and its dropout: the heads' results side by side, [B, N, dim].
  Tensor mix(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options = {}) const;
  /// mix() for the queries begin..end-1 alone, [B, end - begin, dim]; keys and values are all tokens'. A mask `allowed`
  /// is over all queries. Throws Error{value} for `causal`, which counts queries from the end.
  Tensor mix_part(const Tensor& x, std::int64_t begin, std::int64_t end, ForwardCtx& ctx,
                  const AttentionOptions& options = {}) const;

  /// mix() for tokens that come after those of `cache`, which it joins: queries x [B, N, dim], keys all so far.
  /// `causal` lets a token of x see those before it and all earlier ones. No history.
  Tensor mix_cached(const Tensor& x, KvCache& cache, ForwardCtx& ctx, const AttentionOptions& options = {}) const;

  int heads;
  Linear qkv, proj;
  Dropout proj_drop;
};

}  // namespace aio::nn
