// Binary cross entropy on logits, averaged over all elements.
//
//   loss = mean of max(x, 0) - x t + log(1 + exp(-|x|))        dx = dloss / n (sigmoid(x) - t)
//
// Shapes: x, t alike -> scalar. Dtypes: f32, f64, bf16; the mean in the accumulator dtype. Saved: x, t. t is a constant
// in [0, 1] (not checked: that would read it all) and gets no gradient. The formula has no exponent > 0, so large
// logits are fine. Deterministic: summed in a fixed order. Source:
// torch.nn.functional.binary_cross_entropy_with_logits. Kernel: tensor/cpu/binary_cross_entropy.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {
struct BinaryCrossEntropyNode : Node {
  BinaryCrossEntropyNode(const Tensor& logits, const Tensor& targets)
      : Node("binary_cross_entropy_with_logits"), logits_(*this, logits), targets_(*this, targets) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor x = raw::contiguous(logits_.get()), t = raw::contiguous(targets_.get());
    const Tensor dloss = raw::cast(scale(grads[0], 1 / static_cast<double>(x.numel())), x.dtype());
    const Tensor dx = Tensor::empty(x.shape(), x.options());
    backend_for(dx).binary_cross_entropy_backward(dx.view(), ops::full_operand(dloss, x.shape()).view(), x.view(),
                                                  t.view());
    return {dx};
  }
  SavedTensor logits_, targets_;
};
}  // namespace

Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets) {
  const char* op = "binary_cross_entropy_with_logits";
  ops::check_floating(op, {{"logits", logits}, {"targets", targets}});
  ops::check_shape(op, {"targets", targets}, logits.shape(), "to match logits", logits.shape());
  check(logits.numel() > 0, ErrorCode::value, op, ": logits have shape ", logits.shape(),
        ", expected at least one element to average over");
  const Tensor losses = Tensor::empty(logits.shape(), logits.options());
  backend_for(losses).binary_cross_entropy_forward(losses.view(), raw::contiguous(logits).view(),
                                                   raw::contiguous(targets).view());
  const Tensor loss = mean(raw::cast(losses, accumulator_of(logits.dtype())));  // of constants: not recorded
  return record<BinaryCrossEntropyNode>(loss, {logits}, logits, targets);
}

}  // namespace aio
