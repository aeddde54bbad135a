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

#include <utility>

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

/// A result of aio::raw that may be x itself: recording on it must not touch x.
Tensor as_output(const Tensor& y, const Tensor& x) { return y.is_same(x) ? raw::alias(x) : y; }

/// `shape` with its -1, if any, worked out.
Shape resolve_shape(const Shape& x, Shape shape) {
  int unknown = -1;
  std::int64_t known = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    check(shape[i] >= -1, ErrorCode::shape, "reshape: cannot reshape ", x, " to ", shape,
          ": sizes are >= 0, or -1 once");
    if (shape[i] == -1) {
      check(unknown < 0, ErrorCode::shape, "reshape: cannot reshape ", x, " to ", shape, ": only one size may be -1");
      unknown = i;
    } else {
      known *= shape[i];
    }
  }
  if (unknown >= 0) {
    check(known > 0 && x.numel() % known == 0, ErrorCode::shape, "reshape: cannot reshape ", x, " (", x.numel(),
          " elements) to ", shape, ": the other sizes multiply to ", known);
    shape[unknown] = x.numel() / known;
    return shape;
  }
  check(known == x.numel(), ErrorCode::shape, "reshape: cannot reshape ", x, " (", x.numel(), " elements) to ", shape,
        " (", known, " elements)");
  return shape;
}

std::vector<int> normalize_order(const Tensor& x, const std::vector<int>& order) {
  std::vector<int> result;
  std::vector<bool> seen(static_cast<std::size_t>(x.rank()), false);
  check(static_cast<int>(order.size()) == x.rank(), ErrorCode::shape, "permute: order names ", order.size(),
        " dimensions, expected all ", x.rank(), " of x ", x.shape());
  for (int dim : order) {
    const int d = normalize_dim("permute", dim, x.shape());
    check(!seen[static_cast<std::size_t>(d)], ErrorCode::shape, "permute: order names dimension ", d, " of x ",
          x.shape(), " twice, expected each once");
    seen[static_cast<std::size_t>(d)] = true;
    result.push_back(d);
  }
  return result;
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  ops::check_defined("reshape", {"x", x});
  const Shape resolved = resolve_shape(x.shape(), shape);
  return record<ReshapeNode>(as_output(raw::reshape(x, resolved), x), {x}, "reshape", x);
}

Tensor unsqueeze(const Tensor& x, int dim) {
  ops::check_defined("unsqueeze", {"x", x});
  check(x.rank() < kMaxRank, ErrorCode::shape, "unsqueeze: x ", x.shape(), " has ", x.rank(),
        " dimensions already, at most ", kMaxRank, " are possible");
  const int position = dim < 0 ? dim + x.rank() + 1 : dim;
  check(position >= 0 && position <= x.rank(), ErrorCode::index, "unsqueeze: dim ", dim, " is outside ", -x.rank() - 1,
        "..", x.rank(), " for x ", x.shape());
  return record<ReshapeNode>(raw::unsqueeze(x, position), {x}, "unsqueeze", x);
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
  const std::vector<int> normal = normalize_order(x, order);
  return record<PermuteNode>(as_output(raw::permute(x, normal), x), {x}, normal);
}

Tensor transpose(const Tensor& x, int dim0, int dim1) {
  ops::check_defined("transpose", {"x", x});
  const auto i = static_cast<std::size_t>(normalize_dim("transpose", dim0, x.shape()));
  const auto j = static_cast<std::size_t>(normalize_dim("transpose", dim1, x.shape()));
  std::vector<int> order;
  for (int k = 0; k < x.rank(); ++k) order.push_back(k);
  std::swap(order[i], order[j]);
  return record<PermuteNode>(as_output(raw::permute(x, order), x), {x}, order);
}

Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step) {
  ops::check_defined("slice", {"x", x});
  const int d = normalize_dim("slice", dim, x.shape());
  const std::int64_t n = x.shape()[d];
  const std::int64_t first = begin < 0 ? begin + n : begin, last = end < 0 ? end + n : end;
  check(step >= 1, ErrorCode::value, "slice: step is ", step, ", expected >= 1");
  check(0 <= first && first <= last && last <= n, ErrorCode::index, "slice: ", begin, "..", end, " of dimension ", d,
        " of x ", x.shape(), ", expected 0 <= begin <= end <= ", n, " (negative counts from the end)");
  return record<SliceNode>(as_output(raw::slice(x, d, first, last, step), x), {x}, "slice", x, d, first, last, step);
}

Tensor select(const Tensor& x, int dim, std::int64_t index) {
  ops::check_defined("select", {"x", x});
  const int d = normalize_dim("select", dim, x.shape());
  const std::int64_t n = x.shape()[d];
  const std::int64_t i = index < 0 ? index + n : index;
  check(0 <= i && i < n, ErrorCode::index, "select: index ", index, " is outside dimension ", d, " of x ", x.shape());
  return record<SliceNode>(raw::select(x, d, i), {x}, "select", x, d, i, i + 1, std::int64_t{1});
}

Tensor expand(const Tensor& x, const Shape& shape) {
  ops::check_defined("expand", {"x", x});
  bool fits = shape.rank() >= x.rank();
  for (int i = 0; fits && i < x.rank(); ++i) fits = x.shape().back(i) == 1 || x.shape().back(i) == shape.back(i);
  check(fits, ErrorCode::shape, "expand: x ", x.shape(), " does not broadcast to ", shape,
        " (sizes must be equal or 1, aligned at the right)");
  return record<ExpandNode>(as_output(raw::expand(x, shape), x), {x}, x);
}

Tensor contiguous(const Tensor& x) {
  ops::check_defined("contiguous", {"x", x});
  return x.is_contiguous() ? x : record<ContiguousNode>(raw::contiguous(x), {x});
}

}  // namespace aio
