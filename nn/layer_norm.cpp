#include "nn/layer_norm.h"

#include "autograd/ops.h"

namespace aio::nn {

LayerNorm::LayerNorm(const ParamScope& scope, std::int64_t dim, double eps_value)
    : weight(scope.param("weight", {dim}, Init::ones())),
      bias(scope.param("bias", {dim}, Init::zeros())),
      eps(eps_value) {}

Tensor LayerNorm::forward(const Tensor& x, ForwardCtx&) const { return layer_norm(x, weight, bias, eps); }

}  // namespace aio::nn
