// Choosing between values by a mask.
//
//   where        y = c ? a : b         da = c ? dy : 0      db = c ? 0 : dy
//   masked_fill  y = m ? value : x     dx = m ? 0 : dy
//
// Shapes: where broadcasts all three; masked_fill broadcasts the mask to x. Dtypes: c, m u8; the rest f32, f64, bf16.
// Saved: the mask as given. Values that were not chosen get a gradient of exactly 0, even if they are NaN.
// Deterministic: elementwise. Kernels: tensor/cpu/elementwise.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

Tensor where_forward(const Tensor& condition, const Tensor& a, const Tensor& b, const Shape& shape) {
  Tensor y = Tensor::empty(shape, a.options());
  if (y.numel() > 0) {
    backend_for(y).where(y.view(), ops::full_operand(condition, shape).view(), ops::full_operand(a, shape).view(),
                         ops::full_operand(b, shape).view());
  }
  return y;
}

struct WhereNode : Node {
  WhereNode(const Tensor& condition, const Tensor& a, const Tensor& b)
      : Node("where"), a_shape_(a.shape()), b_shape_(b.shape()), condition_(*this, condition) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor& dy = grads[0];
    const Tensor condition = condition_.get(), zero = Tensor::zeros({}, dy.options());
    Tensor da, db;
    if (needs_grad(0)) da = ops::sum_to_shape(where_forward(condition, dy, zero, dy.shape()), a_shape_);
    if (needs_grad(1)) db = ops::sum_to_shape(where_forward(condition, zero, dy, dy.shape()), b_shape_);
    return {da, db};
  }
  Shape a_shape_, b_shape_;
  SavedTensor condition_;
};

Tensor masked_fill_forward(const Tensor& x, const Tensor& mask, double value) {
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() > 0) {
    backend_for(y).masked_fill(y.view(), raw::contiguous(x).view(), ops::full_operand(mask, x.shape()).view(), value);
  }
  return y;
}

struct MaskedFillNode : Node {
  explicit MaskedFillNode(const Tensor& mask) : Node("masked_fill"), mask_(*this, mask) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    return {masked_fill_forward(grads[0], mask_.get(), 0)};
  }
  SavedTensor mask_;
};

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  ops::check_floating("where", {{"a", a}, {"b", b}});
  ops::check_typed("where", {"condition", condition}, DType::u8, {"a", a});
  const Shape values = broadcast_shapes("where", a.shape(), b.shape());
  const Shape shape = broadcast_shapes("where", condition.shape(), values);
  return record<WhereNode>(where_forward(condition, a, b, shape), {a, b}, condition, a, b);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, double value) {
  ops::check_floating("masked_fill", {{"x", x}});
  ops::check_typed("masked_fill", {"mask", mask}, DType::u8, {"x", x});
  check(broadcast_shapes("masked_fill", x.shape(), mask.shape()) == x.shape(), ErrorCode::shape,
        "masked_fill: mask has shape ", mask.shape(), ", expected one that broadcasts to x ", x.shape());
  return record<MaskedFillNode>(masked_fill_forward(x, mask, value), {x}, mask);
}

}  // namespace aio
