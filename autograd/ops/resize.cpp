// Bilinear resizing of the last two dimensions: how position embeddings are moved to another grid.
//
//   y = A x B^T with the two interpolation matrices        dx = A^T dy B
//
// Shapes: x [..., h, w] -> [..., height, width]. Dtypes: f32, f64, bf16 (computed in f32). Saved: x's shape; the map is
// linear. Source positions: i (h - 1) / (height - 1) with align_corners, else (i + 0.5) h / height - 0.5, clamped at 0.
// Deterministic: fixed order. Source: torch.nn.functional.interpolate(mode="bilinear", antialias=False).
// Kernel: tensor/cpu/resize.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

/// x as planes [P, h, w].
Tensor as_planes(const Tensor& x) {
  const Shape& s = x.shape();
  return raw::reshape(raw::contiguous(x), {ops::product(s, 0, s.rank() - 2), s.back(1), s.back()});
}

struct ResizeBilinearNode : Node {
  ResizeBilinearNode(const Tensor& x, bool align_corners)
      : Node("resize_bilinear"), shape_(x.shape()), align_corners_(align_corners) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor dx = Tensor::empty(shape_, grads[0].options());
    if (dx.numel() > 0) {
      backend_for(dx).resize_bilinear_backward(as_planes(dx).view(), as_planes(grads[0]).view(), align_corners_);
    }
    return {dx};
  }
  Shape shape_;
  bool align_corners_;
};

}  // namespace

Tensor resize_bilinear(const Tensor& x, std::int64_t height, std::int64_t width, bool align_corners) {
  ops::check_floating("resize_bilinear", {{"x", x}});
  ops::check_min_rank("resize_bilinear", {"x", x}, 2, "[..., h, w]");
  check(height >= 1 && width >= 1 && x.shape().back(1) >= 1 && x.shape().back() >= 1, ErrorCode::shape,
        "resize_bilinear: cannot resize x ", x.shape(), " to ", height, " x ", width, ", expected sizes >= 1");
  Shape shape = x.shape();
  shape[x.rank() - 2] = height;
  shape[x.rank() - 1] = width;
  const Tensor y = Tensor::empty(shape, x.options());
  if (y.numel() > 0) backend_for(y).resize_bilinear_forward(as_planes(y).view(), as_planes(x).view(), align_corners);
  return record<ResizeBilinearNode>(y, {x}, x, align_corners);
}

}  // namespace aio
