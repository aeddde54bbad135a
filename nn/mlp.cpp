#include "nn/mlp.h"

#include "autograd/ops.h"

namespace aio::nn {

Mlp::Mlp(const ParamScope& scope, std::int64_t dim, std::int64_t hidden, double dropout_rate, const LinearOptions& init)
    : fc1(scope / "fc1", dim, hidden, init), fc2(scope / "fc2", hidden, dim, init), drop(dropout_rate) {}

Tensor Mlp::forward(const Tensor& x, ForwardCtx& ctx, const Tensor& residual) const {
  fc1.check_input(x, ctx);
  const Linear::Weights first = fc1.cast_weights(ctx), second = fc2.cast_weights(ctx);
  const DropoutMask hidden_drop = drop.draw(ctx), last_drop = drop.draw(ctx);
  return mlp(x, {first.weight, first.bias, second.weight, second.bias}, residual, hidden_drop, last_drop);
}

}  // namespace aio::nn
