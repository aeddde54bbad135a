#include "autograd/ops/affine.h"

#include "autograd/ops/gemm_operand.h"
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

Tensor weight_gradient(const Node& node, int i, const Tensor& dt, const Tensor& x, Tensor* db) {
  const Tensor dt_transposed = raw::transpose(dt, 0, 1);
  const Tensor sink = node.gradient_sink(i, accumulator_of(x.dtype()));
  if (sink.defined()) {
    if (db != nullptr && sink.numel() > 0) {
      const Tensor sums = Tensor::empty({sink.dim(0)}, sink.options());
      const GemmOperand left(dt_transposed), right(x);
      if (backend_for(sink).gemm_with_row_sums(sink.view(), sums.view(), left.view, right.view, 1)) {
        *db = sums;
        return {};
      }
    }
    GemmEpilogue accumulate;
    accumulate.beta = 1;
    product(sink, dt_transposed, x, accumulate);
    return {};
  }
  const Tensor dw = Tensor::empty({dt.shape()[1], x.shape()[1]}, x.options());
  product(dw, dt_transposed, x, {});
  return dw;
}

Tensor bias_gradient(const Tensor& db, const Tensor& dt, DType dtype) {
  return raw::cast(db.defined() ? db : sum_over(dt, {0}), dtype);
}

}  // namespace aio::ops
