// Orders along the last dimension: argmax, the k largest, a stable sort. For predictions and metrics, not for training:
// nothing here is recorded, results carry no gradient.
//
// Shapes: x [..., C] -> indices i64 [...] (argmax), values and indices [..., k] (topk) or [..., C] (sort). Dtypes: f32,
// f64, bf16. Ties: the smaller index first. NaN counts as the largest. Deterministic. Kernels: tensor/cpu/sort.cpp.

#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

void check_rows(const char* op, const Tensor& x) {
  ops::check_floating(op, {{"x", x}});
  ops::check_min_rank(op, {"x", x}, 1, "[..., C]");
}

ValuesAndIndices empty_result(const Tensor& x, std::int64_t k) {
  Shape shape = x.shape();
  shape[x.rank() - 1] = k;
  return {Tensor::empty(shape, x.options()), Tensor::empty(shape, {DType::i64, x.device()})};
}

}  // namespace

Tensor argmax(const Tensor& x) {
  check_rows("argmax", x);
  check(x.shape().back() > 0, ErrorCode::value, "argmax: x has shape ", x.shape(),
        ", expected at least one element in the last dimension");
  Shape shape = x.shape();
  shape.erase(x.rank() - 1);
  const Tensor index = Tensor::empty(shape, {DType::i64, x.device()});
  if (index.numel() > 0) {
    backend_for(x).argmax_rows(raw::reshape(index, {index.numel()}).view(), ops::as_matrix(x).view());
  }
  return index;
}

ValuesAndIndices topk(const Tensor& x, std::int64_t k) {
  check_rows("topk", x);
  check(k >= 0 && k <= x.shape().back(), ErrorCode::value, "topk: k is ", k, ", expected 0..", x.shape().back(),
        " for x ", x.shape());
  const ValuesAndIndices result = empty_result(x, k);
  if (result.values.numel() > 0) {
    backend_for(x).topk_rows(ops::as_matrix(result.values).view(), ops::as_matrix(result.indices).view(),
                             ops::as_matrix(x).view());
  }
  return result;
}

ValuesAndIndices sort(const Tensor& x, bool descending) {
  check_rows("sort", x);
  const ValuesAndIndices result = empty_result(x, x.shape().back());
  if (result.values.numel() > 0) {
    backend_for(x).sort_rows(ops::as_matrix(result.values).view(), ops::as_matrix(result.indices).view(),
                             ops::as_matrix(x).view(), descending);
  }
  return result;
}

}  // namespace aio
