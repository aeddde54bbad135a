// Rows scaled to unit length, and the cosine of two sets of rows.
//
//   l2_normalize       y = x / n,  n = max(||x||, eps)     dx = (dy - y <dy, y>) / n;  dx = dy / eps where ||x|| < eps
//   cosine_similarity  y = <a / max(||a||, eps), b / max(||b||, eps)>, made of l2_normalize, mul and sum
//
// Shapes: x [..., C]; a, b [..., C] broadcast -> [...]. Dtypes: f32, f64, bf16; norms in the accumulator dtype.
// Saved: y and the norms. Deterministic: rows are summed in a fixed order.
// Source: torch.nn.functional.{normalize, cosine_similarity}. Kernel: tensor/cpu/l2_normalize.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {
struct L2NormalizeNode : Node {
  L2NormalizeNode(const Tensor& y, const Tensor& norm, double eps)
      : Node("l2_normalize"), y_(*this, y, true), norm_(*this, norm, true), eps_(eps) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor y = y_.get();
    Tensor dx = Tensor::empty(y.shape(), y.options());
    if (dx.numel() > 0) {
      backend_for(dx).l2_normalize_backward(ops::as_matrix(dx).view(), ops::as_matrix(grads[0]).view(),
                                            ops::as_matrix(y).view(), norm_.get().view(), eps_);
    }
    return {dx};
  }
  SavedTensor y_, norm_;
  double eps_;
};
}  // namespace

Tensor l2_normalize(const Tensor& x, double eps) {
  ops::check_floating("l2_normalize", {{"x", x}});
  ops::check_min_rank("l2_normalize", {"x", x}, 1, "[..., C]");
  ops::check_eps("l2_normalize", eps);
  Tensor y = Tensor::empty(x.shape(), x.options());
  const std::int64_t rows = ops::product(x.shape(), 0, x.rank() - 1);
  const Tensor norm = Tensor::empty({rows}, {accumulator_of(x.dtype()), x.device()});
  if (y.numel() > 0) {
    backend_for(y).l2_normalize_forward(ops::as_matrix(y).view(), norm.view(), ops::as_matrix(x).view(), eps);
  }
  return record<L2NormalizeNode>(y, {x}, y, norm, eps);
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, double eps) {
  ops::check_floating("cosine_similarity", {{"a", a}, {"b", b}});
  ops::check_min_rank("cosine_similarity", {"a", a}, 1, "[..., C]");
  ops::check_min_rank("cosine_similarity", {"b", b}, 1, "[..., C]");
  ops::check_eps("cosine_similarity", eps);
  check(a.shape().back() == b.shape().back(), ErrorCode::shape, "cosine_similarity: a has shape ", a.shape(),
        ", b has shape ", b.shape(), ", expected the same last dimension");
  broadcast_shapes("cosine_similarity", a.shape(), b.shape());
  return sum(mul(l2_normalize(a, eps), l2_normalize(b, eps)), {-1});
}

}  // namespace aio
