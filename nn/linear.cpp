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
  if (ctx.casts != nullptr && !grad_enabled()) {
    // A GPU's library adds a bias of the result's type, and would cast it for every product.
    const DType bias_type = weight.device().is_cuda() ? ctx.compute : accumulator_of(ctx.compute);
    return {ctx.casts->get(weight, ctx.compute), bias.defined() ? ctx.casts->get(bias, bias_type) : Tensor{}};
  }
  return {cast(weight, ctx.compute), bias.defined() ? cast(bias, accumulator_of(ctx.compute)) : Tensor{}};
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
