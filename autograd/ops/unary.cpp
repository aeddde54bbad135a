// Elementwise functions whose derivative is easiest written with their own result.
//
//   y = exp x        dx = dy y              y = tanh x       dx = dy (1 - y^2)
//   y = log x        dx = dy / x            y = sigmoid x    dx = dy y (1 - y)
//   y = sqrt x       dx = dy / (2 y)        y = relu x       dx = dy where y > 0, else 0
//
// Shapes: any. Dtypes: f32, f64, bf16 (computed in f32). Saved: y, or x for log. Deterministic: elementwise.
// Outside their domain they give NaN or infinity, as IEEE does; AnomalyMode finds the first one. relu's derivative at 0
// is 0, as in PyTorch. Kernel: tensor/cpu/unary.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

struct UnaryNode : Node {
  UnaryNode(const char* name, UnaryOp op, const Tensor& saved)
      : Node(name), op_(op), saved_(*this, saved, op != UnaryOp::log) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor saved = saved_.get();
    Tensor dx = Tensor::empty(saved.shape(), saved.options());
    if (dx.numel() > 0) {
      backend_for(dx).unary_backward(op_, dx.view(), raw::contiguous(grads[0]).view(), raw::contiguous(saved).view());
    }
    return {dx};
  }
  UnaryOp op_;
  SavedTensor saved_;
};

Tensor unary(const char* name, UnaryOp op, const Tensor& x) {
  ops::check_floating(name, {{"x", x}});
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) backend_for(y).unary_forward(op, y.view(), raw::contiguous(x).view());
  return record<UnaryNode>(y, {x}, name, op, op == UnaryOp::log ? x : y);
}

}  // namespace

Tensor exp(const Tensor& x) { return unary("exp", UnaryOp::exp, x); }
Tensor log(const Tensor& x) { return unary("log", UnaryOp::log, x); }
Tensor sqrt(const Tensor& x) { return unary("sqrt", UnaryOp::sqrt, x); }
Tensor relu(const Tensor& x) { return unary("relu", UnaryOp::relu, x); }
Tensor tanh(const Tensor& x) { return unary("tanh", UnaryOp::tanh, x); }
Tensor sigmoid(const Tensor& x) { return unary("sigmoid", UnaryOp::sigmoid, x); }

}  // namespace aio
