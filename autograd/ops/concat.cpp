// Putting tensors side by side, and taking one apart.
//
//   concat   y = [x_0, x_1, ...] along dim        dx_i = the slice of dy that x_i filled
//   stack    the same along a new dimension
//   split    y_i = consecutive slices of x        dx = [dy_0, dy_1, ...], zeros where no gradient arrived
//
// Shapes: parts agree but in `dim`; split's sizes add up to it. Any dtype. Saved: sizes. concat copies; split gives
// views, and its gradient is one tensor written once (a chain of slices would add up as many full-size ones).
// Deterministic: copies only. Kernel: copy_strided (tensor/cpu/copy.cpp).

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

struct ConcatNode : Node {
  ConcatNode(const std::vector<Tensor>& parts, int dim) : Node("concat"), dim_(dim) {
    for (const Tensor& part : parts) sizes_.push_back(part.shape()[dim]);
  }
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    std::vector<Tensor> dx(sizes_.size());
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      if (needs_grad(static_cast<int>(i))) dx[i] = raw::slice(grads[0], dim_, begin, begin + sizes_[i]);
      begin += sizes_[i];
    }
    return dx;
  }
  int dim_;
  std::vector<std::int64_t> sizes_;
};

struct SplitNode : Node {
  SplitNode(const Tensor& x, const std::vector<std::int64_t>& sizes, int dim)
      : Node("split"), shape_(x.shape()), options_(x.options()), sizes_(sizes), dim_(dim) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor dx = Tensor::empty(shape_, options_);
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      const Tensor part = raw::slice(dx, dim_, begin, begin + sizes_[i]);
      raw::copy_(part, grads[i].defined() ? grads[i] : raw::expand(Tensor::zeros({}, options_), part.shape()));
      begin += sizes_[i];
    }
    return {dx};
  }
  Shape shape_;
  TensorOptions options_;
  std::vector<std::int64_t> sizes_;
  int dim_;
};

}  // namespace

Tensor concat(const std::vector<Tensor>& parts, int dim) {
  check(!parts.empty(), ErrorCode::value, "concat: no parts, expected at least one tensor");
  ops::check_defined("concat", {"parts[0]", parts[0]});
  const Tensor& first = parts[0];
  const int d = normalize_dim("concat", dim, first.shape());
  Shape shape = first.shape();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string name = message("parts[", i, "]");
    ops::check_typed("concat", {name.c_str(), parts[i]}, first.dtype(), {"parts[0]", first});
    Shape expected = parts[i].shape();
    if (expected.rank() == first.rank()) expected[d] = first.shape()[d];  // sizes along dim may differ
    check(expected == first.shape(), ErrorCode::shape, "concat: ", name, " has shape ", parts[i].shape(),
          ", expected that of parts[0] ", first.shape(), " in all dimensions but ", d);
    shape[d] += parts[i].shape()[d];
  }

  Tensor y = Tensor::empty(shape, first.options());
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    raw::copy_(raw::slice(y, d, begin, begin + part.shape()[d]), part);
    begin += part.shape()[d];
  }
  return record<ConcatNode>(y, parts, parts, d);
}

Tensor stack(const std::vector<Tensor>& parts, int dim) {
  check(!parts.empty(), ErrorCode::value, "stack: no parts, expected at least one tensor");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = message("parts[", i, "]");
    ops::check_defined("stack", {name.c_str(), parts[i]});
    ops::check_typed("stack", {name.c_str(), parts[i]}, parts[0].dtype(), {"parts[0]", parts[0]});
    ops::check_shape("stack", {name.c_str(), parts[i]}, parts[0].shape(), "as parts[0]", parts[0].shape());
  }
  const int rank = parts[0].rank();
  check(rank < kMaxRank && dim >= -rank - 1 && dim <= rank, ErrorCode::index, "stack: dim ", dim, " for parts ",
        parts[0].shape(), ", expected ", -rank - 1, "..", rank, " and at most ", kMaxRank, " dimensions in all");
  std::vector<Tensor> unsqueezed;
  for (const Tensor& part : parts) unsqueezed.push_back(unsqueeze(part, dim));
  return concat(unsqueezed, dim);
}

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, int dim) {
  ops::check_defined("split", {"x", x});
  const int d = normalize_dim("split", dim, x.shape());
  std::int64_t total = 0;
  for (std::int64_t size : sizes) {
    check(size >= 0, ErrorCode::value, "split: size ", size, ", expected sizes >= 0");
    total += size;
  }
  check(total == x.shape()[d] && !sizes.empty(), ErrorCode::shape, "split: sizes add up to ", total,
        ", expected dimension ", d, " of x ", x.shape());

  std::vector<Tensor> parts;
  std::int64_t begin = 0;
  for (std::int64_t size : sizes) {
    parts.push_back(raw::slice(x, d, begin, begin + size));
    begin += size;
  }
  return record_all<SplitNode>(parts, {x}, x, sizes, d);
}

}  // namespace aio
