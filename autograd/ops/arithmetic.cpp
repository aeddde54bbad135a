// Sums, differences, products and quotients of two tensors, and of a tensor and a number.
//
//   y = a + b     da = dy          db = dy
//   y = a - b     da = dy          db = -dy
//   y = a * b     da = dy b        db = dy a
//   y = a / b     da = dy / b      db = -dy y / b
//   y = c x       dx = c dy        y = x + c     dx = dy
//
// Shapes: a, b broadcast as in NumPy; gradients are summed back to each input's shape. Dtypes: f32, f64, bf16; bf16 is
// computed in f32 and rounded once. Saved: what the formulas on the right name, and only if that gradient is wanted.
// Deterministic: elementwise, and the broadcast sums have a fixed order. Kernels: tensor/cpu/elementwise.cpp.

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

using ops::sum_to_shape;

Tensor binary_forward(const char* name, BinaryOp op, const Tensor& a, const Tensor& b) {
  ops::check_floating(name, {{"a", a}, {"b", b}});
  const Shape shape = a.shape() == b.shape() ? a.shape() : broadcast_shapes(name, a.shape(), b.shape());
  Tensor y = Tensor::empty(shape, a.options());
  if (y.numel() > 0) {
    backend_for(y).binary(op, y.view(), ops::suffix_operand(a, shape).view(), ops::suffix_operand(b, shape).view());
  }
  return y;
}

Tensor affine_forward(const char* name, const Tensor& x, double factor, double shift) {
  ops::check_floating(name, {{"x", x}});
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) backend_for(y).affine(y.view(), raw::contiguous(x).view(), factor, shift);
  return y;
}

struct AddNode : Node {
  AddNode(const Tensor& a, const Tensor& b) : Node("add"), a_shape_(a.shape()), b_shape_(b.shape()) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor& dy = grads[0];
    return {needs_grad(0) ? sum_to_shape(dy, a_shape_) : Tensor{},
            needs_grad(1) ? sum_to_shape(dy, b_shape_) : Tensor{}};
  }
  Shape a_shape_, b_shape_;
};

struct SubNode : Node {
  SubNode(const Tensor& a, const Tensor& b) : Node("sub"), a_shape_(a.shape()), b_shape_(b.shape()) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor& dy = grads[0];
    return {needs_grad(0) ? sum_to_shape(dy, a_shape_) : Tensor{},
            needs_grad(1) ? scale(sum_to_shape(dy, b_shape_), -1) : Tensor{}};
  }
  Shape a_shape_, b_shape_;
};

struct MulNode : Node {
  MulNode(const Tensor& a, const Tensor& b)
      : Node("mul"),
        a_shape_(a.shape()),
        b_shape_(b.shape()),
        a_(*this, requires_grad(b) ? a : Tensor{}),
        b_(*this, requires_grad(a) ? b : Tensor{}) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor& dy = grads[0];
    return {needs_grad(0) ? sum_to_shape(mul(dy, b_.get()), a_shape_) : Tensor{},
            needs_grad(1) ? sum_to_shape(mul(dy, a_.get()), b_shape_) : Tensor{}};
  }
  Shape a_shape_, b_shape_;
  SavedTensor a_, b_;
};

struct DivNode : Node {
  DivNode(const Tensor& a, const Tensor& b, const Tensor& y)
      : Node("div"),
        a_shape_(a.shape()),
        b_shape_(b.shape()),
        b_(*this, b),
        y_(*this, requires_grad(b) ? y : Tensor{}, true) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor da = div(grads[0], b_.get());
    return {needs_grad(0) ? sum_to_shape(da, a_shape_) : Tensor{},
            needs_grad(1) ? scale(sum_to_shape(mul(da, y_.get()), b_shape_), -1) : Tensor{}};
  }
  Shape a_shape_, b_shape_;
  SavedTensor b_, y_;
};

struct ScaleNode : Node {
  explicit ScaleNode(double factor) : Node("scale"), factor_(factor) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {scale(grads[0], factor_)}; }
  double factor_;
};

struct AddScalarNode : Node {
  AddScalarNode() : Node("add_scalar") {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {grads[0]}; }
};

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return record<AddNode>(binary_forward("add", BinaryOp::add, a, b), {a, b}, a, b);
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return record<SubNode>(binary_forward("sub", BinaryOp::sub, a, b), {a, b}, a, b);
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return record<MulNode>(binary_forward("mul", BinaryOp::mul, a, b), {a, b}, a, b);
}

Tensor div(const Tensor& a, const Tensor& b) {
  const Tensor y = binary_forward("div", BinaryOp::div, a, b);
  return record<DivNode>(y, {a, b}, a, b, y);
}

Tensor scale(const Tensor& x, double factor) {
  return record<ScaleNode>(affine_forward("scale", x, factor, 0), {x}, factor);
}

Tensor add_scalar(const Tensor& x, double value) {
  return record<AddScalarNode>(affine_forward("add_scalar", x, 1, value), {x});
}

}  // namespace aio
