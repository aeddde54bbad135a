#include "nn/mlp.h"

namespace aio::nn {

Mlp::Mlp(const ParamScope& scope, std::int64_t dim, std::int64_t hidden, double dropout_rate, const LinearOptions& init)
    : fc1(scope / "fc1", dim, hidden, init), fc2(scope / "fc2", hidden, dim, init), drop(dropout_rate) {}

Tensor Mlp::forward(const Tensor& x, ForwardCtx& ctx) const {
  return drop.forward(fc2.forward(hidden(x, ctx), ctx), ctx);
}

Tensor Mlp::hidden(const Tensor& x, ForwardCtx& ctx) const { return drop.forward(fc1.forward_gelu(x, ctx), ctx); }

}  // namespace aio::nn
