// The same values in another dtype: how mixed precision is written, since no op promotes by itself.
//
//   y = round(x)     dx = dy in x's dtype
//
// Shapes: any. Dtypes: any pair; between floating dtypes the gradient flows, others carry none. Saved: x's dtype.
// A cast to x's own dtype is x. Deterministic: elementwise, round to nearest even. Kernel: tensor/cpu/cast.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {
struct CastNode : Node {
  explicit CastNode(DType from) : Node("cast"), from_(from) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {raw::cast(grads[0], from_)}; }
  bool is_cast() const override { return true; }
  DType from_;
};
}  // namespace

Tensor cast(const Tensor& x, DType dtype) {
  ops::check_defined("cast", {"x", x});
  if (x.dtype() == dtype) return x;
  const Tensor y = raw::cast(x, dtype);
  return is_float(x.dtype()) && is_float(dtype) ? record<CastNode>(y, {x}, x.dtype()) : y;
}

}  // namespace aio
