#include "nn/recompute.h"

#include <utility>
#include <vector>

#include "autograd/autograd.h"

namespace aio::nn {

Tensor recompute(ForwardFn forward, const Tensor& x, ForwardCtx& ctx) {
  const auto run = [forward = std::move(forward), training = ctx.training, compute = ctx.compute](
                       const std::vector<Tensor>& inputs, RngStream& rng) {
    ForwardCtx inner{training, rng, compute};
    const Tensor y = forward(inputs[0], inner);
    rng = inner.rng;  // the caller's stream moves on as far as this one did
    return std::vector<Tensor>{y};
  };
  return checkpoint(run, {x}, ctx.rng)[0];
}

}  // namespace aio::nn
