// GELU, exact form: x weighted by the probability that a standard normal variable is below it.
//
//   y  = x Phi(x),  Phi(x) = (1 + erf(x / sqrt 2)) / 2
//   dx = dy (Phi(x) + x phi(x)),  phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
//
// Shapes: any. Dtypes: f32, f64, bf16 (computed in f32). Saved: x; y would not do, GELU is not invertible.
// Deterministic: elementwise. Source: Hendrycks & Gimpel 2016, eq. 1; torch.nn.GELU(approximate="none").
// Kernel: tensor/cpu/gelu.cpp. The form fused into a product is linear_gelu (linear.cpp).

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {
struct GeluNode : Node {
  explicit GeluNode(const Tensor& x) : Node("gelu"), x_(*this, x) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor x = x_.get();
    Tensor dx = Tensor::empty(x.shape(), x.options());
    if (dx.numel() > 0) {
      backend_for(dx).gelu_backward(dx.view(), raw::contiguous(grads[0]).view(), raw::contiguous(x).view());
    }
    return {dx};
  }
  SavedTensor x_;
};
}  // namespace

Tensor gelu(const Tensor& x) {
  ops::check_floating("gelu", {{"x", x}});
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) backend_for(y).gelu_forward(y.view(), raw::contiguous(x).view());
  return record<GeluNode>(y, {x}, x);
}

}  // namespace aio
