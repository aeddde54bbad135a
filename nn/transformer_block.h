#pragma once
// TransformerBlock: the ViT's pre-norm block.
//   x = x + drop_path(attn(norm1(x)));   x = x + drop_path(mlp(norm2(x)))

#include <cstdint>

#include "nn/attention.h"
#include "nn/drop_path.h"
#include "nn/layer_norm.h"
#include "nn/mlp.h"

namespace aio::nn {

struct BlockConfig {
  std::int64_t dim = 0;
  int heads = 1;
  double mlp_ratio = 4;  ///< hidden size of the MLP / dim
  bool qkv_bias = true;
  double eps = kVitEps;
  double dropout = 0;    ///< after the attention projection and twice in the MLP; the reference trains with 0.1
  double drop_path = 0;  ///< of both branches, separate draws
  LinearOptions init = LinearOptions::truncated_normal();
};

struct TransformerBlock {
  /// Parameters "norm1.*", "attn.qkv.*", "attn.proj.*", "norm2.*", "mlp.fc1.*", "mlp.fc2.*", in this order.
  TransformerBlock(const ParamScope& scope, const BlockConfig& config);

  /// x [B, N, dim] of type ctx.compute -> [B, N, dim].
  Tensor forward(const Tensor& x, ForwardCtx& ctx, const AttentionOptions& options = {}) const;

  /// The rows begin..end-1 of forward(): all tokens are keys, but only these are computed. For a last block of which
  /// few tokens are read. (With dropout the draws differ from forward()'s.)
  Tensor forward_part(const Tensor& x, std::int64_t begin, std::int64_t end, ForwardCtx& ctx,
                      const AttentionOptions& options = {}) const;

  /// forward() of tokens that come after those of `cache`, which their keys and values join.
  Tensor forward_cached(const Tensor& x, KvCache& cache, ForwardCtx& ctx, const AttentionOptions& options = {}) const;

  LayerNorm norm1;
  MultiheadSelfAttention attn;
  LayerNorm norm2;
  Mlp mlp;
  DropPath drop_path;

 private:
  /// The block after its attention's heads, whose result is `mixed`; x [B, rows, dim] is the residual, which is part
  /// of the branches' last products unless drop_path stands between them.
  Tensor finish(const Tensor& x, const Tensor& mixed, ForwardCtx& ctx) const;
};

}  // namespace aio::nn
