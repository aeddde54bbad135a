// Circular shifts: of a whole dimension, and of single token slots through time (the paper's token rolling).
//
//   roll           y[i] = x[(i - shift) mod n] along dim               dx = dy rolled by -shift
//   temporal_roll  y[b, t, n] = x[b, (t - shift[n]) mod T, n]          dx = dy with every shift negated
//
// Shapes: x any; temporal_roll x [B, T, N, C], shift i64 [N]. Dtypes: roll any; temporal_roll f32, f64, bf16. Saved:
// the shifts. Deterministic: copies only.
// With shift[n] = 0 a slot stays in its frame, with 1 it brings the previous frame's token: information crosses frames
// without any temporal attention. Source: All in One (CVPR 2023), section 3.2. Kernels: tensor/cpu/{copy,
// temporal_roll}.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

/// shift in 0..n-1: the last `shift` slices of x come first.
Tensor roll_forward(const Tensor& x, int dim, std::int64_t shift) {
  const std::int64_t n = x.shape()[dim];
  const Tensor y = Tensor::empty(x.shape(), x.options());
  raw::copy_(raw::slice(y, dim, 0, shift), raw::slice(x, dim, n - shift, n));
  raw::copy_(raw::slice(y, dim, shift, n), raw::slice(x, dim, 0, n - shift));
  return y;
}

/// shift modulo n, in 0..n-1 (0 for an empty dimension).
std::int64_t wrap(std::int64_t shift, std::int64_t n) { return n == 0 ? 0 : (shift % n + n) % n; }

struct RollNode : Node {
  RollNode(int dim, std::int64_t shift) : Node("roll"), dim_(dim), shift_(shift) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    return {roll_forward(grads[0], dim_, wrap(-shift_, grads[0].shape()[dim_]))};
  }
  int dim_;
  std::int64_t shift_;
};

/// In the memory of x if `x` is its only handle.
Tensor temporal_roll_forward(const Tensor& x, const Tensor& shift, int sign) {
  const bool in_place = x.is_sole_owner() && x.is_contiguous();
  const Tensor from = in_place ? raw::alias(x) : raw::contiguous(x);
  const Tensor y = in_place ? from : Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) backend_for(y).temporal_roll(y.view(), from.view(), raw::contiguous(shift).view(), sign);
  return y;
}

struct TemporalRollNode : Node {
  explicit TemporalRollNode(const Tensor& shift) : Node("temporal_roll"), shift_(*this, shift) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    return {temporal_roll_forward(grads[0], shift_.get(), -1)};
  }
  SavedTensor shift_;
};

}  // namespace

Tensor roll(const Tensor& x, int dim, std::int64_t shift) {
  ops::check_defined("roll", {"x", x});
  const int d = normalize_dim("roll", dim, x.shape());
  const std::int64_t wrapped = wrap(shift, x.shape()[d]);
  return record<RollNode>(roll_forward(x, d, wrapped), {x}, d, wrapped);
}

Tensor temporal_roll(Tensor x, const Tensor& shift) {
  ops::check_floating("temporal_roll", {{"x", x}});
  ops::check_typed("temporal_roll", {"shift", shift}, DType::i64, {"x", x});
  ops::check_rank("temporal_roll", {"x", x}, 4, "[B, T, N, C]");
  ops::check_shape("temporal_roll", {"shift", shift}, {x.shape()[2]}, "to match x", x.shape());
  return record<TemporalRollNode>(temporal_roll_forward(x, shift, 1), {x}, shift);
}

}  // namespace aio
