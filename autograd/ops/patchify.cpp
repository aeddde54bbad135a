// Images cut into square patches, each patch a row: the patch convolution is then one matrix product.
//
//   y[b, (r, c), (k, i, j)] = x[b, k, r p + i, c p + j]        dx = dy put back
//
// Shapes: x [B, 3, H, W] -> [B, (H/p)(W/p), 3 p p]; any number of channels works. Made of reshape and permute, so the
// gradient is theirs, and one copy, or the cast. Dtypes: f32, f64, bf16. The order inside a patch, channel-major, is
// that of a convolution weight [O, 3, p, p] read as [O, 3 p p]. Source: timm's PatchEmbed with its kernel = stride = p.

#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

Tensor patchify(const Tensor& images, int patch_size) {
  ops::check_defined("patchify", {"images", images});
  return patchify(images, patch_size, images.dtype());
}

Tensor patchify(const Tensor& images, int patch_size, DType dtype) {
  ops::check_floating("patchify", {{"images", images}});
  ops::check_rank("patchify", {"images", images}, 4, "[B, 3, H, W]");
  check(patch_size >= 1, ErrorCode::value, "patchify: patch_size is ", patch_size, ", expected >= 1");
  const std::int64_t p = patch_size;
  const Shape& s = images.shape();
  check(s[2] % p == 0 && s[3] % p == 0, ErrorCode::shape, "patchify: images have shape ", s,
        ", expected height and width to be multiples of patch_size ", p);
  const std::int64_t rows = s[2] / p, cols = s[3] / p;
  const Tensor grid = reshape(images, {s[0], s[1], rows, p, cols, p});
  return reshape(cast(permute(grid, {0, 2, 4, 1, 3, 5}), dtype), {s[0], rows * cols, s[1] * p * p});
}

}  // namespace aio
