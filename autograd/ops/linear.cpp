// The affine map of a layer, alone or with what follows it in a transformer block.
//
//   t = x W^T + b
//   linear            y = t
//   linear_gelu       y = gelu(t)            dt = dy gelu'(t), else dt = dy
//   linear_residual   y = residual + t       dresidual = dy
//   dx = dt W         dW = dt^T x            db = sum of dt over rows
//
// Shapes: x [..., I], W [O, I], b [O] or undefined -> [..., O]; residual as the result. Dtypes: f32, f64, bf16
// (accumulated in f32); in bf16 the bias may be f32, db is then rounded to bf16 on its way. Saved: x (for dW), W (for
// dx), and t for linear_gelu. One product each: bias, GELU and residual are the kernel's epilogue. dW is added by the
// product straight into the leaf's gradient buffer where there is one (beta = 1), so that no weight-sized temporary is
// made, and in bf16 the f32 master behind a cast receives it unrounded. Deterministic (tensor/cpu/gemm.cpp). Source:
// torch.nn.functional.linear.

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/gemm_operand.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

std::int64_t row_count(const Tensor& x) { return ops::product(x.shape(), 0, x.rank() - 1); }

/// All leading dimensions folded: [rows, last].
Tensor as_rows(const Tensor& x) { return raw::reshape(x, {row_count(x), x.shape().back()}); }

/// c = epilogue(a b); an empty sum is zero, which kernels need not know.
void gemm(const Tensor& c, const Tensor& a, const Tensor& b, const GemmEpilogue& epilogue) {
  if (c.numel() == 0) return;
  const ops::GemmOperand left(a), right(b);
  backend_for(c).gemm(c.view(), left.view, right.view, epilogue);
}

/// Adds to (or makes) the gradient of input `i`: sink += product, or a new tensor. If `db` is not null and the backend
/// sums dt's columns in the same product, that is *db, else *db stays undefined.
Tensor weight_gradient(const Node& node, int i, const Tensor& dt, const Tensor& x, Tensor* db) {
  const Tensor dt_transposed = raw::transpose(dt, 0, 1);
  const Tensor sink = node.gradient_sink(i, accumulator_of(x.dtype()));
  if (sink.defined()) {
    if (db != nullptr && sink.numel() > 0) {
      const Tensor sums = Tensor::empty({sink.dim(0)}, sink.options());
      const ops::GemmOperand left(dt_transposed), right(x);
      if (backend_for(sink).gemm_with_row_sums(sink.view(), sums.view(), left.view, right.view, 1)) {
        *db = sums;
        return {};
      }
    }
    GemmEpilogue accumulate;
    accumulate.beta = 1;
    gemm(sink, dt_transposed, x, accumulate);
    return {};
  }
  const Tensor dw = Tensor::empty({dt.shape()[1], x.shape()[1]}, x.options());
  gemm(dw, dt_transposed, x, {});
  return dw;
}

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
  LinearNode(Kind kind, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& preactivation)
      : Node(name_of(kind)),
        kind_(kind),
        bias_dtype_(bias.defined() ? bias.dtype() : x.dtype()),
        x_shape_(x.shape()),
        x_(*this, requires_grad(weight) ? x : Tensor{}),
        weight_(*this, requires_grad(x) ? weight : Tensor{}),
        preactivation_(*this, preactivation, true) {}

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor dt = as_rows(kind_ == Kind::gelu ? through_gelu(grads[0]) : raw::contiguous(grads[0]));
    Tensor dx, dw, db;
    if (needs_grad(0)) {
      dx = Tensor::empty(x_shape_, dt.options());
      gemm(as_rows(dx), dt, weight_.get(), {});
    }
    if (needs_grad(1)) dw = weight_gradient(*this, 1, dt, as_rows(x_.get()), needs_grad(2) ? &db : nullptr);
    if (needs_grad(2)) db = raw::cast(db.defined() ? db : ops::sum_over(dt, {0}), bias_dtype_);
    std::vector<Tensor> result{dx, dw, db};
    if (kind_ == Kind::residual) result.push_back(grads[0]);
    return result;
  }

 private:
  Tensor through_gelu(const Tensor& dy) const {
    const Tensor t = preactivation_.get();
    Tensor dt = Tensor::empty(t.shape(), t.options());
    if (dt.numel() > 0) backend_for(dt).gelu_backward(dt.view(), raw::contiguous(dy).view(), t.view());
    return dt;
  }

  Kind kind_;
  DType bias_dtype_;
  Shape x_shape_;
  SavedTensor x_, weight_, preactivation_;
};

/// Error unless the arguments fit; returns the shape of the result.
Shape check_linear(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  ops::check_floating(op, {{"x", x}, {"weight", weight}});
  ops::check_min_rank(op, {"x", x}, 1, "[..., I]");
  const std::int64_t in = x.shape().back();
  check(weight.rank() == 2 && weight.shape()[1] == in, ErrorCode::shape, op, ": weight has shape ", weight.shape(),
        ", expected [*, ", in, "] to match x ", x.shape());
  const std::int64_t out = weight.shape()[0];
  if (bias.defined()) {
    const bool wide_bias = bias.dtype() == accumulator_of(x.dtype());
    ops::check_typed(op, {"bias", bias}, wide_bias ? bias.dtype() : x.dtype(), {"x", x});
    ops::check_shape(op, {"bias", bias}, {out}, "to match weight", weight.shape());
  }
  Shape shape = x.shape();
  shape[x.rank() - 1] = out;
  return shape;
}

Tensor linear_op(Kind kind, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
  const char* op = name_of(kind);
  const Shape shape = check_linear(op, x, weight, bias);
  if (kind == Kind::residual) {
    ops::check_floating(op, {{"x", x}, {"residual", residual}});
    check(residual.shape() == shape, ErrorCode::shape, op, ": residual has shape ", residual.shape(), ", expected ",
          shape, " to match x ", x.shape(), " and weight ", weight.shape());
  }

  const Tensor y = Tensor::empty(shape, x.options());
  const Tensor preactivation = kind == Kind::gelu ? Tensor::empty(shape, x.options()) : Tensor{};
  GemmEpilogue epilogue;
  View bias_view, preactivation_view, residual_view;
  Tensor bias_row, residual_rows;
  if (bias.defined()) {
    bias_row = raw::contiguous(bias);
    bias_view = bias_row.view();
    epilogue.bias = &bias_view;
  }
  if (kind == Kind::gelu) {
    preactivation_view = as_rows(preactivation).view();
    epilogue.preactivation_out = &preactivation_view;
    epilogue.gelu = true;
  }
  if (kind == Kind::residual) {
    residual_rows = as_rows(raw::contiguous(residual));
    residual_view = residual_rows.view();
    epilogue.residual = &residual_view;
  }
  gemm(as_rows(y), as_rows(x), raw::transpose(weight, 0, 1), epilogue);

  std::vector<Tensor> inputs{x, weight, bias};
  if (kind == Kind::residual) inputs.push_back(residual);
  return record<LinearNode>(y, inputs, kind, x, weight, bias, preactivation);
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear_op(Kind::plain, x, weight, bias, {});
}

Tensor linear_gelu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear_op(Kind::gelu, x, weight, bias, {});
}

Tensor linear_residual(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
  return linear_op(Kind::residual, x, weight, bias, residual);
}

}  // namespace aio
