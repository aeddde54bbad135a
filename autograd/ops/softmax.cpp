// Softmax and its logarithm over the last dimension.
//
//   softmax      y_i = exp(x_i - m) / sum_j exp(x_j - m),  m = max x     dx_i = y_i (dy_i - sum_j dy_j y_j)
//   log_softmax  y_i = x_i - m - log sum_j exp(x_j - m)                  dx_i = dy_i - exp(y_i) sum_j dy_j
//
// Shapes: any. Dtypes: f32, f64, bf16 (computed in f32). Saved: y, from which both gradients follow. Subtracting m
// keeps every exponent <= 0, so logits of any size are fine; a row of -inf gives NaN, as in the formula. Deterministic:
// rows are summed in a fixed order. Kernel: tensor/cpu/softmax.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

struct SoftmaxNode : Node {
  SoftmaxNode(const char* name, bool log, const Tensor& y) : Node(name), log_(log), y_(*this, y, true) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor y = y_.get();
    Tensor dx = Tensor::empty(y.shape(), y.options());
    if (dx.numel() == 0) return {dx};
    const Tensor dx_rows = ops::as_matrix(dx), dy_rows = ops::as_matrix(grads[0]), y_rows = ops::as_matrix(y);
    Backend& backend = backend_for(dx);
    if (log_) {
      backend.log_softmax_backward(dx_rows.view(), dy_rows.view(), y_rows.view());
    } else {
      backend.softmax_backward(dx_rows.view(), dy_rows.view(), y_rows.view());
    }
    return {dx};
  }
  bool log_;
  SavedTensor y_;
};

Tensor softmax_op(const char* name, bool log, const Tensor& x) {
  ops::check_floating(name, {{"x", x}});
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) {
    const Tensor x_rows = ops::as_matrix(x), y_rows = ops::as_matrix(y);
    if (log) {
      backend_for(y).log_softmax_forward(y_rows.view(), x_rows.view());
    } else {
      backend_for(y).softmax_forward(y_rows.view(), x_rows.view());
    }
  }
  return record<SoftmaxNode>(y, {x}, name, log, y);
}

}  // namespace

Tensor softmax(const Tensor& x) { return softmax_op("softmax", false, x); }
Tensor log_softmax(const Tensor& x) { return softmax_op("log_softmax", true, x); }

}  // namespace aio
