#include "nn/forward_ctx.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::nn {

Tensor cast_parameter(const Tensor& parameter, DType dtype, const ForwardCtx& ctx) {
  return ctx.casts != nullptr && !grad_enabled() ? ctx.casts->get(parameter, dtype) : cast(parameter, dtype);
}

}  // namespace aio::nn
