// Sum and mean over some or all dimensions.
//
//   y = sum_i x_i        dx_i = dy
//   y = sum_i x_i / n    dx_i = dy / n
//
// Shapes: x any; the reduced dimensions disappear, or stay with size 1 (keepdim). Dtypes: f32, f64, bf16, summed in the
// accumulator dtype and rounded once (a bf16 mean twice: sum and quotient). Saved: x's shape. dx is dy broadcast with
// stride 0: no memory until somebody writes it out. Deterministic: the order of a sum is a function of the shape.
// Kernel: tensor/cpu/reduce.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

/// Distinct dimensions in 0..rank-1.
std::vector<int> normalize_dims(const char* op, const std::vector<int>& dims, const Shape& shape) {
  std::vector<int> result;
  for (int dim : dims) {
    const int d = normalize_dim(op, dim, shape);
    for (int earlier : result) {
      check(earlier != d, ErrorCode::value, op, ": dims name dimension ", d, " of ", shape, " twice");
    }
    result.push_back(d);
  }
  return result;
}

std::vector<int> all_dims(const Tensor& x) {
  std::vector<int> dims;
  for (int i = 0; i < x.rank(); ++i) dims.push_back(i);
  return dims;
}

/// x's shape with ones at the reduced dimensions: what broadcasts against x.
Shape kept_shape(const Shape& shape, const std::vector<int>& dims) {
  Shape kept = shape;
  for (int dim : dims) kept[dim] = 1;
  return kept;
}

/// dx = factor * dy, for every element that was summed.
struct SumNode : Node {
  SumNode(const char* op, const Shape& shape, const Shape& kept, double factor)
      : Node(op), shape_(shape), kept_(kept), factor_(factor) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor dy = factor_ == 1 ? grads[0] : scale(grads[0], factor_);
    return {raw::expand(raw::reshape(dy, kept_), shape_)};
  }
  Shape shape_, kept_;
  double factor_;
};

Tensor sum_dims(const char* op, const Tensor& x, const std::vector<int>& dims, bool keepdim, double factor) {
  const Shape kept = kept_shape(x.shape(), dims);
  Tensor y = ops::sum_over(x, dims);
  if (factor != 1 && y.numel() > 0) backend_for(y).affine(y.view(), y.view(), factor, 0);
  if (keepdim) y = raw::reshape(y, kept);
  return record<SumNode>(y, {x}, op, x.shape(), kept, factor);
}

/// 1 / n for the n elements of x that go into one of the mean.
double mean_factor(const Tensor& x, const std::vector<int>& dims) {
  std::int64_t n = 1;
  for (int dim : dims) n *= x.shape()[dim];
  check(n > 0, ErrorCode::value, "mean: x has shape ", x.shape(),
        ", expected at least one element to average over (the mean of nothing is undefined)");
  return 1.0 / static_cast<double>(n);
}

}  // namespace

Tensor sum(const Tensor& x) {
  ops::check_floating("sum", {{"x", x}});
  return sum_dims("sum", x, all_dims(x), false, 1);
}

Tensor sum(const Tensor& x, const std::vector<int>& dims, bool keepdim) {
  ops::check_floating("sum", {{"x", x}});
  return sum_dims("sum", x, normalize_dims("sum", dims, x.shape()), keepdim, 1);
}

Tensor mean(const Tensor& x) {
  ops::check_floating("mean", {{"x", x}});
  return sum_dims("mean", x, all_dims(x), false, mean_factor(x, all_dims(x)));
}

Tensor mean(const Tensor& x, const std::vector<int>& dims, bool keepdim) {
  ops::check_floating("mean", {{"x", x}});
  const std::vector<int> reduced = normalize_dims("mean", dims, x.shape());
  return sum_dims("mean", x, reduced, keepdim, mean_factor(x, reduced));
}

}  // namespace aio
