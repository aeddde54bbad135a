#include "nn/linear.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/error.h"

namespace aio::nn {
Linear::Linear(const ParamScope& scope, std::int64_t in, std::int64_t out, const LinearOptions& options) {
  weight = scope.param("weight", {out, in}, options.weight_init.value_or(Init::fan_in(in)));
  if (options.bias) bias = scope.param("bias", {out}, options.bias_init.value_or(Init::fan_in(in)));
}

void Linear::check_input(const Tensor& x, const ForwardCtx& ctx) const {
  check(x.dtype() == ctx.compute, ErrorCode::dtype, "Linear: x is ", describe(x), ", expected ", ctx.compute,
        ", the compute dtype of the context (cast(x, ctx.compute))");
}

Linear::Weights Linear::cast_weights(const ForwardCtx& ctx) const {
  // A GPU's library adds a bias of the result's type, and would cast it for every product: one that is kept is.
  const bool narrow_bias = ctx.casts != nullptr && !grad_enabled() && weight.device().is_cuda();
  const DType bias_type = narrow_bias ? ctx.compute : accumulator_of(ctx.compute);
  return {cast_parameter(weight, ctx.compute, ctx), bias.defined() ? cast_parameter(bias, bias_type, ctx) : Tensor{}};
}

Tensor Linear::forward(const Tensor& x, ForwardCtx& ctx) const {
  check_input(x, ctx);
  const Weights w = cast_weights(ctx);
  return linear(x, w.weight, w.bias);
}

Tensor Linear::forward_gelu(const Tensor& x, ForwardCtx& ctx) const {
  check_input(x, ctx);
  const Weights w = cast_weights(ctx);
  return linear_gelu(x, w.weight, w.bias);
}

Tensor Linear::forward_residual(const Tensor& x, const Tensor& residual, const Dropout& drop, ForwardCtx& ctx) const {
  check_input(x, ctx);
  const Weights w = cast_weights(ctx);
  return linear_residual(x, w.weight, w.bias, residual, drop.draw(ctx));
}

}  // namespace aio::nn
