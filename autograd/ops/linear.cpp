// The affine map of a layer, alone or with what follows it in a transformer block.
//
//   t = x W^T + b
//   linear            y = t
//   linear_gelu       y = gelu(t)                     dt = dy gelu'(t)
//   linear_residual   y = residual + dropout(t)       dt = dropout(dy), dresidual = dy; else dt = dy
//   dx = dt W         dW = dt^T x                     db = sum of dt over rows
//
// Shapes: x [..., I], W [O, I], b [O] or undefined -> [..., O]; residual as the result. Dtypes: f32, f64, bf16
// (accumulated in f32); in bf16 the bias may be f32, db is then rounded to bf16 on its way. Saved: x (for dW), W (for
// dx), and t for linear_gelu. One product each: bias, GELU, dropout and residual are the kernel's epilogue. dW is added
// straight into the leaf's gradient buffer where there is one (autograd/ops/affine.h). Deterministic
// (tensor/cpu/gemm.cpp). Source: torch.nn.functional.linear.

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "autograd/ops/affine.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

enum class Kind { plain, gelu, residual };

constexpr const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::plain: return "linear";
    case Kind::gelu: return "linear_gelu";
    case Kind::residual: return "linear_residual";
  }
  return "";
}

struct LinearNode : Node {
  LinearNode(Kind kind, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& preactivation,
             const DropoutMask& drop)
      : Node(name_of(kind)),
        kind_(kind),
        bias_dtype_(bias.defined() ? bias.dtype() : x.dtype()),
        x_shape_(x.shape()),
        drop_(drop),
        x_(*this, requires_grad(weight) ? x : Tensor{}),
        weight_(*this, requires_grad(x) ? weight : Tensor{}),
        preactivation_(*this, preactivation, true) {}

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor left = take_dropped();
    const Tensor dt = kind_ == Kind::gelu ? through_gelu(grads[0])
                      : left.defined()    ? ops::as_rows(left)
                                          : ops::dropped(grads[0], drop_);
    Tensor dx;
    if (needs_grad(0)) {
      dx = Tensor::empty(x_shape_, dt.options());
      ops::product(ops::as_rows(dx), dt, weight_.get(), {});
    }
    const Tensor x = needs_grad(1) ? ops::as_rows(x_.get()) : Tensor{};
    const auto [dw, db] = ops::affine_gradients(*this, 1, 2, dt, x, bias_dtype_);
    std::vector<Tensor> result{dx, dw, db};
    if (kind_ == Kind::residual) result.push_back(grads[0]);
    return result;
  }
  const DropoutMask* gradient_dropout() const override { return drop_.p > 0 ? &drop_ : nullptr; }

 private:
  Tensor through_gelu(const Tensor& dy) const {
    const Tensor t = preactivation_.get();
    Tensor dt = Tensor::empty(t.shape(), t.options());
    if (dt.numel() > 0) backend_for(dt).gelu_backward(dt.view(), raw::contiguous(dy).view(), t.view());
    return ops::as_rows(dt);
  }

  Kind kind_;
  DType bias_dtype_;
  Shape x_shape_;
  DropoutMask drop_;
  SavedTensor x_, weight_, preactivation_;
};

Tensor linear_op(Kind kind, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual,
                 const DropoutMask& drop) {
  const char* op = name_of(kind);
  const Shape shape = ops::check_affine(op, x, weight, bias);
  if (kind == Kind::residual) {
    ops::check_floating(op, {{"x", x}, {"residual", residual}});
    check(residual.shape() == shape, ErrorCode::shape, op, ": residual has shape ", residual.shape(), ", expected ",
          shape, " to match x ", x.shape(), " and weight ", weight.shape());
    ops::check_probability(op, drop.p);
  }
  std::vector<Tensor> inputs{x, weight, bias};
  if (kind == Kind::residual) inputs.push_back(residual);

  const Tensor y = Tensor::empty(shape, x.options());
  GemmEpilogue epilogue;
  View preactivation_view, residual_view;
  Tensor preactivation, residual_rows;
  epilogue.gelu = kind == Kind::gelu;
  if (kind == Kind::gelu && GraphBuilder::wants_node(inputs)) {
    preactivation = Tensor::empty(shape, x.options());
    preactivation_view = ops::as_rows(preactivation).view();
    epilogue.preactivation_out = &preactivation_view;
  }
  if (kind == Kind::residual) {
    residual_rows = ops::as_rows(raw::contiguous(residual));
    residual_view = residual_rows.view();
    epilogue.residual = &residual_view;
    if (drop.p > 0) epilogue.dropout = &drop;
  }
  ops::affine(y, x, weight, bias, epilogue);
  return record<LinearNode>(y, inputs, kind, x, weight, bias, preactivation, drop);
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear_op(Kind::plain, x, weight, bias, {}, {});
}

Tensor linear_gelu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear_op(Kind::gelu, x, weight, bias, {}, {});
}

Tensor linear_residual(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual,
                       const DropoutMask& drop) {
  return linear_op(Kind::residual, x, weight, bias, residual, drop);
}

}  // namespace aio
