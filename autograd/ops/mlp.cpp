// The two-layer perceptron of a transformer block with all that surrounds it, as two products.
//
//   t = x W1^T + b1,  h = dropout1(gelu(t)),  u = h W2^T + b2,  y = residual + dropout2(u)
//   du = dropout2(dy)              dW2 = du^T h     db2 = sum of du over rows     dresidual = dy
//   dt = dropout1(du W2) gelu'(t)  dW1 = dt^T x     db1 = sum of dt over rows     dx = dt W1
//
// Shapes: x [..., C], W1 [H, C], b1 [H], W2 [O, H], b2 [O] -> [..., O]; biases may be undefined, and residual, which
// is as the result. Dtypes: as linear. Saved: x, t, the weights and by mlp_keeps_hidden() h, each if a wanted gradient
// needs it; masks are drawn again. Everything between the products is their kernels' epilogue: h and dt, four times as
// wide as x, are written once and go through memory no more often than the products read them. An h that is made again
// has the bits it had in f32. Deterministic.
// Source: Vaswani et al. 2017, eq. 2, with GELU; dropout after both layers as in timm's Mlp.

#include "autograd/ops/mlp.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "autograd/ops/affine.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

struct MlpNode : Node {
  MlpNode(const Tensor& x, const MlpWeights& w, const Tensor& t, const Tensor& h, const DropoutMask& hidden_drop,
          const DropoutMask& drop)
      : Node("mlp"),
        x_shape_(x.shape()),
        bias1_dtype_(w.fc1_bias.defined() ? w.fc1_bias.dtype() : x.dtype()),
        bias2_dtype_(w.fc2_bias.defined() ? w.fc2_bias.dtype() : x.dtype()),
        hidden_drop_(hidden_drop),
        drop_(drop),
        x_(*this, requires_grad(w.fc1_weight) ? x : Tensor{}),
        fc1_weight_(*this, requires_grad(x) ? w.fc1_weight : Tensor{}),
        fc2_weight_(*this, t.defined() ? w.fc2_weight : Tensor{}),
        t_(*this, t),
        h_(*this, requires_grad(w.fc2_weight) ? h : Tensor{}) {}

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor left = take_dropped();
    const Tensor du = left.defined() ? ops::as_rows(left) : ops::dropped(grads[0], drop_);
    // An h that was made again is gone before dt, which is as large, is made.
    const auto [dw2, db2] = ops::affine_gradients(*this, 3, 4, du, needs_grad(3) ? hidden() : Tensor{}, bias2_dtype_);
    if (!needs_grad(0) && !needs_grad(1) && !needs_grad(2)) return {{}, {}, {}, dw2, db2, grads[0]};
    const Tensor dt = through_gelu(du);
    Tensor dx;
    if (needs_grad(0)) {
      dx = Tensor::empty(x_shape_, dt.options());
      ops::product(ops::as_rows(dx), dt, fc1_weight_.get(), {});
    }
    const Tensor x = needs_grad(1) ? ops::as_rows(x_.get()) : Tensor{};
    const auto [dw1, db1] = ops::affine_gradients(*this, 1, 2, dt, x, bias1_dtype_);
    return {dx, dw1, db1, dw2, db2, grads[0]};
  }
  const DropoutMask* gradient_dropout() const override { return drop_.p > 0 ? &drop_ : nullptr; }

 private:
  /// h [rows, H]
  Tensor hidden() const {
    const Tensor kept = h_.get();
    if (kept.defined()) return kept;
    const Tensor t = t_.get(), h = raw::empty_like(t);
    if (h.numel() == 0) return h;
    Backend& backend = backend_for(h);
    backend.gelu_forward(h.view(), t.view());
    if (hidden_drop_.p > 0) backend.dropout(h.view(), h.view(), hidden_drop_.p, hidden_drop_.key);
    return h;
  }

  /// dt [rows, H]
  Tensor through_gelu(const Tensor& du) const {
    const Tensor t = t_.get();
    const Tensor dt = raw::empty_like(t);
    const View preactivation = t.view();
    GemmEpilogue epilogue;
    if (hidden_drop_.p > 0) epilogue.dropout = &hidden_drop_;
    epilogue.gelu_backward_of = &preactivation;
    ops::product(dt, du, fc2_weight_.get(), epilogue);
    return dt;
  }

  Shape x_shape_;
  DType bias1_dtype_, bias2_dtype_;
  DropoutMask hidden_drop_, drop_;
  SavedTensor x_, fc1_weight_, fc2_weight_, t_, h_;
};

}  // namespace

Tensor mlp(const Tensor& x, const MlpWeights& w, const Tensor& residual, const DropoutMask& hidden_drop,
           const DropoutMask& drop) {
  const Shape hidden = ops::check_affine("mlp", x, w.fc1_weight, w.fc1_bias, "fc1_weight", "fc1_bias");
  ops::check_probability("mlp", hidden_drop.p);
  ops::check_probability("mlp", drop.p);

  const std::int64_t rows = ops::product(hidden, 0, hidden.rank() - 1);
  const Tensor h = Tensor::empty({rows, hidden.back()}, x.options());
  ops::check_affine("mlp", h, w.fc2_weight, w.fc2_bias, "fc2_weight", "fc2_bias");
  Shape shape = x.shape();
  shape[x.rank() - 1] = w.fc2_weight.shape()[0];
  if (residual.defined()) {
    ops::check_floating("mlp", {{"x", x}, {"residual", residual}});
    ops::check_shape("mlp", {"residual", residual}, shape, "to match x", x.shape());
  }

  GemmEpilogue first;
  first.gelu = true;
  if (hidden_drop.p > 0) first.dropout = &hidden_drop;
  Tensor t;
  View t_view;
  if (GraphBuilder::wants_node({x, w.fc1_weight, w.fc1_bias})) {
    t = raw::empty_like(h);
    t_view = t.view();
    first.preactivation_out = &t_view;
  }
  ops::affine(h, x, w.fc1_weight, w.fc1_bias, first);

  GemmEpilogue second;
  if (drop.p > 0) second.dropout = &drop;
  Tensor residual_rows;
  View residual_view;
  if (residual.defined()) {
    residual_rows = ops::as_rows(raw::contiguous(residual));
    residual_view = residual_rows.view();
    second.residual = &residual_view;
  }
  const Tensor y = Tensor::empty(shape, x.options());
  ops::affine(y, h, w.fc2_weight, w.fc2_bias, second);
  const bool keeps_hidden = !t.defined() || ops::mlp_keeps_hidden(x.shape().back(), x.device());
  return record<MlpNode>(y, {x, w.fc1_weight, w.fc1_bias, w.fc2_weight, w.fc2_bias, residual}, x, w, t,
                         keeps_hidden ? h : Tensor{}, hidden_drop, drop);
}

}  // namespace aio
