// Dropout: each element is zeroed with probability p, the others are scaled so that the expectation stays.
//
//   y = keep x / (1 - p)        dx = keep dy / (1 - p)
//
// Shapes: any. Dtypes: f32, f64, bf16. Saved: (key, p), no mask: keep is a function of (key, element index), drawn
// again in backward. Deterministic, and the same on every device (tensor/random.h). p = 0 returns x itself. Source:
// Srivastava et al. 2014, in the scaled-at-training form of torch.nn.Dropout. Kernel: tensor/cpu/dropout.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

/// Its own derivative: the map is linear and diagonal.
Tensor apply_mask(const Tensor& x, double p, const RngKey& key) {
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) backend_for(y).dropout(y.view(), raw::contiguous(x).view(), p, key);
  return y;
}

struct DropoutNode : Node {
  DropoutNode(double p, const RngKey& key) : Node("dropout"), p_(p), key_(key) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {apply_mask(grads[0], p_, key_)}; }
  double p_;
  RngKey key_;
};

}  // namespace

Tensor dropout(const Tensor& x, double p, const RngKey& key) {
  ops::check_floating("dropout", {{"x", x}});
  ops::check_probability("dropout", p);
  if (p == 0) return x;
  return record<DropoutNode>(apply_mask(x, p, key), {x}, p, key);
}

}  // namespace aio
