#include "models/vision_transformer.h"

#include <utility>

#include "autograd/ops.h"
#include "models/token_rolling.h"
#include "nn/recompute.h"

namespace aio::models {

VisionTransformer::VisionTransformer(const nn::ParamScope& scope, const AioConfig& config)
    : norm(scope / "norm", config.hidden_size, nn::kVitEps), roll_(config.roll), recompute_(config.recompute) {
  for (int i = 0; i < config.layers; ++i) {
    nn::BlockConfig block;
    block.dim = config.hidden_size;
    block.heads = config.heads;
    block.mlp_ratio = config.mlp_ratio;
    block.dropout = config.dropout;
    block.drop_path = nn::drop_path_rate(config.drop_path, i, config.layers);
    block.init = nn::LinearOptions::truncated_normal(config.init_std);
    blocks.emplace_back(scope / "blocks" / i, block);
  }
}

Tensor VisionTransformer::forward(Tensor x, nn::ForwardCtx& ctx, const TransformerOptions& options) const {
  const std::int64_t B = x.dim(0), T = x.dim(1), N = x.dim(2), C = x.dim(3);
  const std::int64_t begin = options.read_end < 0 ? 0 : options.read_begin;
  const std::int64_t end = options.read_end < 0 ? N : options.read_end;
  Tensor tokens = std::move(x);
  for (int i = 0; i < static_cast<int>(blocks.size()); ++i) {
    if (options.roll) tokens = roll_tokens(std::move(tokens), options.visual, i, roll_);
    if (options.observer) options.observer(message("block", i, ".in"), tokens);
    const nn::TransformerBlock* const block = &blocks[static_cast<std::size_t>(i)];
    const AttentionOptions attention = options.attention;
    const bool part = block == &blocks.back() && end - begin < N;
    const nn::ForwardFn run = [=](const Tensor& in, nn::ForwardCtx& inner) {
      return part ? block->forward_part(in, begin, end, inner, attention) : block->forward(in, inner, attention);
    };
    const Tensor in = reshape(tokens, {B * T, N, C});
    tokens = reshape(recompute_ && ctx.training ? nn::recompute(run, in, ctx) : run(in, ctx),
                     {B, T, part ? end - begin : N, C});
    if (options.observer) options.observer(message("block", i), tokens);
  }
  tokens = norm.forward(tokens, ctx);
  if (options.observer) options.observer("norm", tokens);
  return tokens;
}

}  // namespace aio::models
