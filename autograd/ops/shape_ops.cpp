// Views: the same elements under another shape.
//
//   reshape, unsqueeze, squeeze   y has x's elements in order       dx = dy reshaped back
//   permute, transpose            y[i_order] = x[i]                 dx = dy permuted back
//   slice, select                 y = part of x                     dx = dy there, 0 elsewhere
//   expand                        y = x repeated                    dx = dy summed over the repeats
//   contiguous                    y = x, elements side by side      dx = dy
//
// Shapes: as the op says; any dtype (gradients flow for floating ones). Nothing is copied and the storage is shared,
// except by reshape where the strides allow no view, and by contiguous. Saved: x's shape. Deterministic.
// The gradient of a slice is as large as x: to take a tensor apart completely use split (concat.cpp), whose gradient is
// written once for all parts.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

struct ReshapeNode : Node {
  ReshapeNode(const char* op, const Tensor& x) : Node(op), shape_(x.shape()) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {raw::reshape(grads[0], shape_)}; }
  Shape shape_;
};

struct PermuteNode : Node {
  explicit PermuteNode(const std::vector<int>& order) : Node("permute"), inverse_(order.size()) {
    for (std::size_t i = 0; i < order.size(); ++i) inverse_[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  }
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {raw::permute(grads[0], inverse_)}; }
  std::vector<int> inverse_;
};

struct TransposeNode : Node {
  TransposeNode(int dim0, int dim1) : Node("transpose"), dim0_(dim0), dim1_(dim1) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    return {raw::transpose(grads[0], dim0_, dim1_)};
  }
  int dim0_, dim1_;
};

/// Also select: its gradient is that of a slice of one, with the dimension back in place.
struct SliceNode : Node {
  SliceNode(const char* op, const Tensor& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step)
      : Node(op), shape_(x.shape()), dim_(dim), begin_(begin), end_(end), step_(step) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor dx = Tensor::zeros(shape_, grads[0].options());
    const Tensor part = raw::slice(dx, dim_, begin_, end_, step_);
    raw::copy_(part, raw::reshape(grads[0], part.shape()));
    return {dx};
  }
  Shape shape_;
  int dim_;
  std::int64_t begin_, end_, step_;
};

struct ExpandNode : Node {
  explicit ExpandNode(const Tensor& x) : Node("expand"), shape_(x.shape()) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    return {ops::sum_to_shape(grads[0], shape_)};
  }
  Shape shape_;
};

struct ContiguousNode : Node {
  ContiguousNode() : Node("contiguous") {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {grads[0]}; }
};

}  // namespace

// The checks of sizes and dimensions are those of aio::raw, whose messages begin with the same names.

Tensor reshape(const Tensor& x, const Shape& shape) {
  ops::check_defined("reshape", {"x", x});
  return record<ReshapeNode>(raw::reshape(x, shape), {x}, "reshape", x);
}

Tensor unsqueeze(const Tensor& x, int dim) {
  ops::check_defined("unsqueeze", {"x", x});
  check(x.rank() < kMaxRank, ErrorCode::shape, "unsqueeze: x ", x.shape(), " has ", x.rank(),
        " dimensions, the most there can be");
  return record<ReshapeNode>(raw::unsqueeze(x, dim), {x}, "unsqueeze", x);
}

Tensor squeeze(const Tensor& x, int dim) {
  ops::check_defined("squeeze", {"x", x});
  const int d = normalize_dim("squeeze", dim, x.shape());
  check(x.shape()[d] == 1, ErrorCode::shape, "squeeze: dimension ", d, " of x ", x.shape(), " has size ", x.shape()[d],
        ", expected 1");
  return record<ReshapeNode>(raw::select(x, d, 0), {x}, "squeeze", x);
}

Tensor permute(const Tensor& x, const std::vector<int>& order) {
  ops::check_defined("permute", {"x", x});
  const Tensor y = raw::permute(x, order);
  std::vector<int> normal;
  for (int dim : order) normal.push_back(dim < 0 ? dim + x.rank() : dim);
  return record<PermuteNode>(y, {x}, normal);
}

Tensor transpose(const Tensor& x, int dim0, int dim1) {
  ops::check_defined("transpose", {"x", x});
  const Tensor y = raw::transpose(x, dim0, dim1);
  return record<TransposeNode>(y, {x}, dim0, dim1);
}

Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step) {
  ops::check_defined("slice", {"x", x});
  return record<SliceNode>(raw::slice(x, dim, begin, end, step), {x}, "slice", x, dim, begin, end, step);
}

Tensor select(const Tensor& x, int dim, std::int64_t index) {
  ops::check_defined("select", {"x", x});
  const Tensor y = raw::select(x, dim, index);
  const std::int64_t i = index < 0 ? index + x.dim(dim) : index;
  return record<SliceNode>(y, {x}, "select", x, dim, i, i + 1, std::int64_t{1});
}

Tensor expand(const Tensor& x, const Shape& shape) {
  ops::check_defined("expand", {"x", x});
  return record<ExpandNode>(raw::expand(x, shape), {x}, x);
}

Tensor contiguous(const Tensor& x) {
  ops::check_defined("contiguous", {"x", x});
  return x.is_contiguous() ? x : record<ContiguousNode>(raw::contiguous(x), {x});
}

}  // namespace aio
