#include "nn/dropout.h"

#include "autograd/ops.h"
#include "tensor/error.h"

namespace aio::nn {

Dropout::Dropout(double drop_rate) : rate(drop_rate) {
  check(rate >= 0 && rate < 1, ErrorCode::value, "Dropout: rate is ", rate, ", expected 0 <= rate < 1");
}

DropoutMask Dropout::draw(ForwardCtx& ctx) const {
  return acts(ctx) ? DropoutMask{rate, ctx.rng.next()} : DropoutMask{};
}

Tensor Dropout::forward(const Tensor& x, ForwardCtx& ctx) const {
  const DropoutMask mask = draw(ctx);
  return dropout(x, mask.p, mask.key);
}

}  // namespace aio::nn
