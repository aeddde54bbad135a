#include "nn/patch_embed.h"

#include "autograd/ops.h"

namespace aio::nn {

PatchEmbed::PatchEmbed(const ParamScope& scope, std::int64_t patch, std::int64_t dim)
    : patch_size(patch),
      weight((scope / "proj").param("weight", {dim, 3, patch, patch}, Init::fan_in(3 * patch * patch))),
      bias((scope / "proj").param("bias", {dim}, Init::fan_in(3 * patch * patch))) {}

Tensor PatchEmbed::forward(const Tensor& images, ForwardCtx& ctx) const {
  const Tensor patches = patchify(images, static_cast<int>(patch_size), ctx.compute);  // [B, N, 3 p p]
  const Tensor kernel = cast_parameter(weight, ctx.compute, ctx);
  const Tensor matrix = reshape(kernel, {weight.dim(0), 3 * patch_size * patch_size});
  return linear(patches, matrix, cast(bias, accumulator_of(ctx.compute)));
}

}  // namespace aio::nn
