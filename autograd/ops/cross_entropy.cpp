// Cross entropy of logits with class indices, averaged over the targets that count.
//
//   loss = 1/n sum_r (lse_r - x[r, target_r]),  lse_r = log sum_c exp x[r, c],  n = number of targets != ignore_index
//   dx[r, c] = dloss / n (exp(x[r, c] - lse_r) - [c = target_r]),  0 in ignored rows
//
// Shapes: logits [..., C], targets [...] -> scalar. Dtypes: logits f32, f64, bf16; targets i64; loss and lse in the
// accumulator dtype. Saved: logits, targets, lse (one float a row spares the second softmax). n = 0 gives NaN, as in
// PyTorch. Deterministic: rows are summed in a fixed order. The host reads the targets, to check and to count them,
// which waits for the device if they lie there; they may lie on the host instead. Source:
// torch.nn.functional.cross_entropy. Kernel: tensor/cpu/cross_entropy.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"
#include "tensor/recording.h"

namespace aio {

namespace {

struct CrossEntropyNode : Node {
  CrossEntropyNode(const Tensor& logits, const Tensor& targets, const Tensor& lse, std::int64_t ignore_index, double n)
      : Node("cross_entropy"),
        logits_(*this, logits),
        targets_(*this, targets),
        lse_(*this, lse, true),
        ignore_index_(ignore_index),
        n_(n) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor logits = logits_.get(), lse = lse_.get();
    const Tensor dx = Tensor::empty(logits.shape(), logits.options());
    if (dx.numel() == 0) return {dx};
    const Tensor dloss = raw::contiguous(raw::expand(scale(grads[0], 1 / n_), lse.shape()));
    backend_for(dx).cross_entropy_backward(ops::as_matrix(dx).view(), dloss.view(), ops::as_matrix(logits).view(),
                                           lse.view(), raw::contiguous(targets_.get()).view(), ignore_index_);
    return {dx};
  }
  SavedTensor logits_, targets_, lse_;
  std::int64_t ignore_index_;
  double n_;
};

/// How many targets count; Error{index} names the first that is no class.
std::int64_t count_targets(const Tensor& targets, std::int64_t classes, std::int64_t ignore_index) {
  const auto values = targets.to_vector<std::int64_t>();
  std::int64_t n = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == ignore_index) continue;
    check(values[i] >= 0 && values[i] < classes, ErrorCode::index, "cross_entropy: target ", values[i], " at position ",
          i, " is outside 0..", classes - 1, " (and is not ignore_index ", ignore_index, ")");
    ++n;
  }
  return n;
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& targets, std::int64_t ignore_index) {
  ops::check_floating("cross_entropy", {{"logits", logits}});
  ops::check_index("cross_entropy", {"targets", targets}, {"logits", logits});
  ops::check_min_rank("cross_entropy", {"logits", logits}, 1, "[..., C]");
  Shape expected = logits.shape();
  expected.erase(logits.rank() - 1);
  ops::check_shape("cross_entropy", {"targets", targets}, expected, "to match logits", logits.shape());
  const std::int64_t classes = logits.shape().back();
  const auto n = static_cast<double>(host_number([=] { return count_targets(targets, classes, ignore_index); }));
  const Tensor placed = targets.to(logits.device());

  const TensorOptions wide{accumulator_of(logits.dtype()), logits.device()};
  const std::int64_t rows = targets.numel();
  const Tensor losses = Tensor::empty({rows}, wide), lse = Tensor::empty({rows}, wide);
  if (logits.numel() > 0) {
    backend_for(logits).cross_entropy_forward(losses.view(), lse.view(), ops::as_matrix(logits).view(),
                                              raw::contiguous(placed).view(), ignore_index);
  }
  const Tensor total = ops::sum_over(losses, {0});
  const Tensor loss = Tensor::empty({}, wide);
  backend_for(loss).affine(loss.view(), total.view(), 1 / n, 0);  // 0 * inf = NaN when nothing counts
  return record<CrossEntropyNode>(loss, {logits}, logits, placed, lse, ignore_index, n);
}

}  // namespace aio
