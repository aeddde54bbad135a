#include "autograd/ops/affine.h"

#include <optional>

#include "autograd/ops/gemm_operand.h"
#include "autograd/ops/leaf_gradient.h"
#include "autograd/ops/op_utils.h"

namespace aio::ops {

Tensor as_rows(const Tensor& x) { return raw::reshape(x, {product(x.shape(), 0, x.rank() - 1), x.shape().back()}); }

void product(const Tensor& c, const Tensor& a, const Tensor& b, const GemmEpilogue& epilogue) {
  if (c.numel() == 0) return;  // an empty sum is zero, but kernels need not know empty results
  const GemmOperand left(a), right(b);
  backend_for(c).gemm(c.view(), left.view, right.view, epilogue);
}

Shape check_affine(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias, const char* weight_name,
                   const char* bias_name) {
  check_floating(op, {{"x", x}, {weight_name, weight}});
  check_min_rank(op, {"x", x}, 1, "[..., I]");
  const std::int64_t in = x.shape().back();
  check(weight.rank() == 2 && weight.shape()[1] == in, ErrorCode::shape, op, ": ", weight_name, " has shape ",
        weight.shape(), ", expected [*, ", in, "] to match x ", x.shape());
  const std::int64_t out = weight.shape()[0];
  if (bias.defined()) {
    const bool wide_bias = bias.dtype() == accumulator_of(x.dtype());
    check_typed(op, {bias_name, bias}, wide_bias ? bias.dtype() : x.dtype(), {"x", x});
    const std::string why = message("to match ", weight_name);
    check_shape(op, {bias_name, bias}, {out}, why.c_str(), weight.shape());
  }
  Shape shape = x.shape();
  shape[x.rank() - 1] = out;
  return shape;
}

void affine(const Tensor& y, const Tensor& x, const Tensor& weight, const Tensor& bias, GemmEpilogue epilogue) {
  View bias_view;
  Tensor bias_row;
  if (bias.defined()) {
    bias_row = raw::contiguous(bias);
    bias_view = bias_row.view();
    epilogue.bias = &bias_view;
  }
  product(as_rows(y), as_rows(x), raw::transpose(weight, 0, 1), epilogue);
}

Tensor dropped(const Tensor& dy, const DropoutMask& drop) {
  const Tensor rows = as_rows(raw::contiguous(dy));
  if (drop.p == 0 || rows.numel() == 0) return rows;
  const Tensor dt = raw::empty_like(rows);
  backend_for(dt).dropout(dt.view(), rows.view(), drop.p, drop.key);
  return dt;
}

AffineGradients affine_gradients(const Node& node, int weight, int bias, const Tensor& dt, const Tensor& x,
                                 DType bias_dtype) {
  const TensorOptions wide{accumulator_of(dt.dtype()), dt.device()};
  AffineGradients result;
  std::optional<LeafGradient> db;
  if (node.needs_grad(bias)) db.emplace(node, bias, Shape{dt.shape()[1]}, wide);
  bool summed = false;
  if (node.needs_grad(weight)) {
    const Node::GradientSink sink = node.gradient_sink(weight, wide.dtype);
    const bool to_leaf = sink.buffer.defined();
    const Tensor dw = to_leaf ? sink.buffer : Tensor::empty({dt.shape()[1], x.shape()[1]}, x.options());
    const Tensor dt_transposed = raw::transpose(dt, 0, 1);
    GemmEpilogue epilogue;
    epilogue.beta = to_leaf && !sink.zero ? 1 : 0;
    if (db && to_leaf && dw.numel() > 0) {
      const GemmOperand left(dt_transposed), right(x);
      summed = backend_for(dw).gemm_with_row_sums(dw.view(), db->memory().view(), left.view, right.view, epilogue.beta);
    }
    if (!summed) product(dw, dt_transposed, x, epilogue);
    if (!to_leaf) result.dw = dw;
  }
  if (db) {
    if (!summed) raw::axpby_(db->memory(), 1, raw::cast(sum_over(dt, {0}), wide.dtype), 0);
    result.db = db->result();
    if (result.db.defined()) result.db = raw::cast(result.db, bias_dtype);
  }
  return result;
}

}  // namespace aio::ops
