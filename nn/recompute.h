#pragma once
// Activation recomputation for modules: checkpoint() of autograd/autograd.h with the ForwardCtx carried along.

#include <functional>

#include "nn/forward_ctx.h"
#include "tensor/tensor.h"

namespace aio::nn {

using ForwardFn = std::function<Tensor(const Tensor& x, ForwardCtx& ctx)>;

/// forward(x, ctx), keeping only x; backward runs `forward` again with the same random numbers, so values and gradients
/// are those of the plain call, bit for bit. `forward` outlives the call: capture what it needs by value.
Tensor recompute(ForwardFn forward, const Tensor& x, ForwardCtx& ctx);

}  // namespace aio::nn
