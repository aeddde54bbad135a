// Layer normalisation over the last dimension.
//
//   y  = xhat gamma + beta,  xhat = (x - mean) rstd,  rstd = 1 / sqrt(var + eps)
//   dx = rstd (g - mean(g) - xhat mean(g xhat)),  g = dy gamma
//   dgamma = sum of dy xhat over rows,  dbeta = sum of dy over rows
//
// Shapes: x [..., C], gamma, beta [C]. Dtypes: x f32, f64, bf16; gamma, beta and all statistics in the accumulator
// dtype (f32 for bf16 x). var is the biased variance. Saved: x, gamma and per row mean, rstd (two floats a row, to
// spare a pass over x). Deterministic: dgamma, dbeta are blocked sums in a fixed order. Source: Ba et al. 2016;
// torch.nn.LayerNorm. Kernel: tensor/cpu/layer_norm.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/leaf_gradient.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {
struct LayerNormNode : Node {
  LayerNormNode(const Tensor& x, const Tensor& gamma, const Tensor& mean, const Tensor& rstd)
      : Node("layer_norm"), x_(*this, x), gamma_(*this, gamma), mean_(*this, mean, true), rstd_(*this, rstd, true) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor x = x_.get(), gamma = raw::contiguous(gamma_.get());
    if (x.numel() == 0) return {raw::zeros_like(x), raw::zeros_like(gamma), raw::zeros_like(gamma)};
    const Tensor pending = take_pending(0);  // of a residual connection around the branch that begins here
    const Tensor dx = pending.defined() ? pending : Tensor::empty(x.shape(), x.options());
    const View residual = ops::as_matrix(dx).view();
    DroppedCopy dropped;
    Tensor dropped_dx;
    if (const DropoutMask* const mask = producer_dropout(0)) {
      dropped_dx = Tensor::empty(x.shape(), x.options());
      dropped = {ops::as_matrix(dropped_dx).view(), *mask};
    }
    const ops::LeafGradient dgamma(*this, 1, gamma.shape(), gamma.options());
    const ops::LeafGradient dbeta(*this, 2, gamma.shape(), gamma.options());
    backend_for(x).layer_norm_backward(ops::as_matrix(dx).view(), dgamma.memory().view(), dbeta.memory().view(),
                                       ops::as_matrix(grads[0]).view(), ops::as_matrix(x).view(), mean_.get().view(),
                                       rstd_.get().view(), gamma.view(), pending.defined() ? &residual : nullptr,
                                       dropped_dx.defined() ? &dropped : nullptr);
    if (dropped_dx.defined()) leave_dropped(0, dropped_dx);
    return {dx, dgamma.result(), dbeta.result()};
  }
  SavedTensor x_, gamma_, mean_, rstd_;
};
}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  ops::check_floating("layer_norm", {{"x", x}});
  ops::check_min_rank("layer_norm", {"x", x}, 1, "[..., C]");
  const DType wide = accumulator_of(x.dtype());
  const std::int64_t channels = x.shape().back();
  for (const ops::Arg& parameter : {ops::Arg{"gamma", gamma}, ops::Arg{"beta", beta}}) {
    ops::check_typed("layer_norm", parameter, wide, {"x", x});
    ops::check_shape("layer_norm", parameter, {channels}, "to match x", x.shape());
  }
  ops::check_eps("layer_norm", eps);

  const Tensor y = Tensor::empty(x.shape(), x.options());
  const std::int64_t rows = ops::product(x.shape(), 0, x.rank() - 1);
  const Tensor mean = Tensor::empty({rows}, {wide, x.device()}), rstd = Tensor::empty({rows}, {wide, x.device()});
  if (y.numel() > 0) {
    backend_for(y).layer_norm_forward(ops::as_matrix(y).view(), mean.view(), rstd.view(), ops::as_matrix(x).view(),
                                      raw::contiguous(gamma).view(), raw::contiguous(beta).view(), eps);
  }
  return record<LayerNormNode>(y, {x, gamma, beta}, x, gamma, mean, rstd);
}

}  // namespace aio
