#pragma once
// PatchEmbed: a p x p convolution with stride p, computed as one product: patches as rows, the weight reshaped.

#include <cstdint>

#include "nn/forward_ctx.h"
#include "nn/param_store.h"

namespace aio::nn {

struct PatchEmbed {
  /// Parameters "proj.weight" [dim, 3, p, p] and "proj.bias" [dim], PyTorch's default for convolutions: uniform in
  /// +-1/sqrt(3 p p).
  PatchEmbed(const ParamScope& scope, std::int64_t patch_size, std::int64_t dim);

  /// images [B, 3, H, W], cast to ctx.compute -> [B, (H/p)(W/p), dim], patches in raster order.
  /// Throws Error{shape} unless H and W are multiples of p.
  Tensor forward(const Tensor& images, ForwardCtx& ctx) const;

  std::int64_t patch_size;
  Tensor weight, bias;
};

}  // namespace aio::nn
