#include "nn/drop_path.h"

#include "autograd/ops.h"
#include "tensor/error.h"

namespace aio::nn {

DropPath::DropPath(double drop_rate) : rate(drop_rate) {
  check(rate >= 0 && rate < 1, ErrorCode::value, "DropPath: rate is ", rate, ", expected 0 <= rate < 1");
}

Tensor DropPath::forward(const Tensor& x, ForwardCtx& ctx) const {
  return acts(ctx) ? drop_path(x, rate, ctx.rng.next()) : x;
}

double drop_path_rate(double last, int block, int depth) { return depth > 1 ? last * block / (depth - 1) : 0.0; }

}  // namespace aio::nn
