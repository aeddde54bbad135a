#include "nn/linear.h"

#include "autograd/ops.h"
#include "tensor/error.h"

namespace aio::nn {
namespace {

/// The masters as the product wants them: the weight in its type, the bias in the type it accumulates in. The casts
/// have gradients, so the masters stay f32 (or f64).
struct ComputeWeights {
  ComputeWeights(const Linear& linear, const Tensor& x, const ForwardCtx& ctx)
      : weight(cast(linear.weight, ctx.compute)),
        bias(linear.bias.defined() ? cast(linear.bias, accumulator_of(ctx.compute)) : Tensor{}) {
    check(x.dtype() == ctx.compute, ErrorCode::dtype, "Linear: x is ", describe(x), ", expected ", ctx.compute,
          ", the compute dtype of the context (cast(x, ctx.compute))");
  }
  Tensor weight, bias;
};

}  // namespace

Linear::Linear(const ParamScope& scope, std::int64_t in, std::int64_t out, const LinearOptions& options) {
  weight = scope.param("weight", {out, in}, options.weight_init.value_or(Init::fan_in(in)));
  if (options.bias) bias = scope.param("bias", {out}, options.bias_init.value_or(Init::fan_in(in)));
}

Tensor Linear::forward(const Tensor& x, ForwardCtx& ctx) const {
  const ComputeWeights w(*this, x, ctx);
  return linear(x, w.weight, w.bias);
}

Tensor Linear::forward_gelu(const Tensor& x, ForwardCtx& ctx) const {
  const ComputeWeights w(*this, x, ctx);
  return linear_gelu(x, w.weight, w.bias);
}

Tensor Linear::forward_residual(const Tensor& x, const Tensor& residual, ForwardCtx& ctx) const {
  const ComputeWeights w(*this, x, ctx);
  return linear_residual(x, w.weight, w.bias, residual);
}

}  // namespace aio::nn
