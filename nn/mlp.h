#pragma once
// Mlp: linear, GELU, linear; dropout after each.

#include <cstdint>

#include "nn/dropout.h"
#include "nn/linear.h"

namespace aio::nn {

struct Mlp {
  /// Parameters "fc1.*" [hidden, dim] and "fc2.*" [dim, hidden].
  Mlp(const ParamScope& scope, std::int64_t dim, std::int64_t hidden, double dropout_rate = 0,
      const LinearOptions& init = LinearOptions::truncated_normal());

  /// x [..., dim] -> residual + dropout(fc2(dropout(gelu(fc1(x))))) [..., dim]; exact GELU. The residual may be
  /// undefined. One op: what lies between the two products is done while they are in cache.
  Tensor forward(const Tensor& x, ForwardCtx& ctx, const Tensor& residual = {}) const;

  Linear fc1, fc2;
  Dropout drop;
};

}  // namespace aio::nn
