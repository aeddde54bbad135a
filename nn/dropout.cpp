#include "nn/dropout.h"

#include "autograd/ops.h"
#include "tensor/error.h"

namespace aio::nn {

Dropout::Dropout(double drop_rate) : rate(drop_rate) {
  check(rate >= 0 && rate < 1, ErrorCode::value, "Dropout: rate is ", rate, ", expected 0 <= rate < 1");
}

Tensor Dropout::forward(const Tensor& x, ForwardCtx& ctx) const {
  return acts(ctx) ? dropout(x, rate, ctx.rng.next()) : x;
}

}  // namespace aio::nn
