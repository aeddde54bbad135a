// Matrix products, one or a batch.
//
//   y = a b        da = dy b^T        db = a^T dy
//
// Shapes: a [..., M, K], b [..., K, N] -> [..., M, N]; the leading dimensions broadcast, and the gradients are summed
// over what was repeated. Dtypes: f32, f64, bf16 (accumulated in f32). Saved: a, b. Deterministic: the order of a
// product's sums depends on the shape only (tensor/cpu/gemm.cpp).
//
// Strides: a matrix with one unit stride, so also any transpose or slice of one, goes to the kernel as it is; only
// others are copied. Leading dimensions of a are folded into M when b is one matrix; else they are merged as far as the
// strides of both allow, the last group becomes the kernel's batch and the rest is a loop.

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/gemm_operand.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

Shape leading(const Shape& shape) { return Shape(std::span<const std::int64_t>(shape.begin(), shape.end() - 2)); }

/// A run of leading dimensions that both operands step through with one stride each.
struct BatchGroup {
  std::int64_t size, a_stride, b_stride;
};

/// Merges the leading dimensions `lead` (contiguous in the result) into as few groups as the strides allow.
std::vector<BatchGroup> batch_groups(const Shape& lead, const Strides& a, const Strides& b) {
  std::vector<BatchGroup> groups;
  for (int i = 0; i < lead.rank(); ++i) {
    if (lead[i] == 1) continue;
    const BatchGroup next{lead[i], a[i], b[i]};
    if (!groups.empty() && groups.back().a_stride == next.size * next.a_stride &&
        groups.back().b_stride == next.size * next.b_stride) {
      groups.back() = {groups.back().size * next.size, next.a_stride, next.b_stride};
    } else {
      groups.push_back(next);
    }
  }
  if (groups.empty()) groups.push_back({1, 0, 0});
  return groups;
}

View batched(const View& matrix, std::int64_t batch, std::int64_t stride) {
  return {matrix.data,
          matrix.dtype,
          3,
          {batch, matrix.dim[0], matrix.dim[1]},
          {stride, matrix.stride[0], matrix.stride[1]}};
}

/// The matrix that begins `elements` further on in memory.
View advanced(View matrix, std::int64_t elements) {
  matrix.data = static_cast<char*>(matrix.data) + elements * size_of(matrix.dtype);
  return matrix;
}

/// Runs the groups before the last as nested loops, the last as one batched product.
void multiply_groups(const View& c, const View& a, const View& b, std::span<const BatchGroup> groups,
                     Backend& backend) {
  const BatchGroup& group = groups.front();
  const std::int64_t c_matrix = c.dim[0] * c.dim[1];
  if (groups.size() == 1) {
    backend.gemm_batched(batched(c, group.size, c_matrix), batched(a, group.size, group.a_stride),
                         batched(b, group.size, group.b_stride), 1, 0);
    return;
  }
  std::int64_t c_stride = c_matrix;
  for (const BatchGroup& inner : groups.subspan(1)) c_stride *= inner.size;
  for (std::int64_t i = 0; i < group.size; ++i) {
    multiply_groups(advanced(c, i * c_stride), advanced(a, i * group.a_stride), advanced(b, i * group.b_stride),
                    groups.subspan(1), backend);
  }
}

Tensor matmul_forward(const Tensor& a, const Tensor& b, const Shape& lead) {
  const std::int64_t m = a.shape().back(1), k = a.shape().back(), n = b.shape().back();
  Shape shape = lead;
  shape.push_back(m);
  shape.push_back(n);
  if (k == 0) return Tensor::zeros(shape, a.options());
  Tensor y = Tensor::empty(shape, a.options());
  if (y.numel() == 0) return y;
  Backend& backend = backend_for(y);

  if (b.rank() == 2 && (a.rank() == 2 || a.is_contiguous())) {
    const std::int64_t rows = a.numel() / k;
    const ops::GemmOperand left(raw::reshape(a, {rows, k})), right(b);
    backend.gemm(raw::reshape(y, {rows, n}).view(), left.view, right.view, {});
    return y;
  }
  const ops::GemmOperand left(a), right(b);
  const auto groups = batch_groups(lead, broadcast_strides(leading(a.shape()), left.batch_strides, lead),
                                   broadcast_strides(leading(b.shape()), right.batch_strides, lead));
  const View c{y.raw_data(), y.dtype(), 2, {m, n}, {n, 1}};
  multiply_groups(c, left.view, right.view, groups, backend);
  return y;
}

struct MatmulNode : Node {
  MatmulNode(const Tensor& a, const Tensor& b)
      : Node("matmul"),
        a_shape_(a.shape()),
        b_shape_(b.shape()),
        a_(*this, requires_grad(b) ? a : Tensor{}),
        b_(*this, requires_grad(a) ? b : Tensor{}) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor& dy = grads[0];
    Tensor da, db;
    if (needs_grad(0)) da = ops::sum_to_shape(matmul(dy, raw::transpose(b_.get(), -2, -1)), a_shape_);
    if (needs_grad(1) && b_shape_.rank() == 2) {  // one product over all rows, instead of a sum of products
      const std::int64_t rows = ops::product(a_shape_, 0, a_shape_.rank() - 1);
      const Tensor a = raw::reshape(a_.get(), {rows, a_shape_.back()});
      db = matmul(raw::transpose(a, 0, 1), raw::reshape(dy, {rows, b_shape_.back()}));
    } else if (needs_grad(1)) {
      db = ops::sum_to_shape(matmul(raw::transpose(a_.get(), -2, -1), dy), b_shape_);
    }
    return {da, db};
  }
  Shape a_shape_, b_shape_;
  SavedTensor a_, b_;
};

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  ops::check_floating("matmul", {{"a", a}, {"b", b}});
  ops::check_min_rank("matmul", {"a", a}, 2, "[..., M, K]");
  ops::check_min_rank("matmul", {"b", b}, 2, "[..., K, N]");
  check(a.shape().back() == b.shape().back(1), ErrorCode::shape, "matmul: a has shape ", a.shape(), ", b has shape ",
        b.shape(), ", expected a's last dimension to equal b's last but one (", a.shape().back(), " and ",
        b.shape().back(1), ")");
  const Shape lead = broadcast_shapes("matmul", leading(a.shape()), leading(b.shape()));
  return record<MatmulNode>(matmul_forward(a, b, lead), {a, b}, a, b);
}

}  // namespace aio
