#pragma once
// What linear and mlp share: x W^T + b on rows, and the gradients of W and b.

#include "autograd/node.h"
#include "tensor/backend.h"
#include "tensor/tensor.h"

namespace aio::ops {

/// All leading dimensions folded: [rows, last].
Tensor as_rows(const Tensor& x);

/// c = epilogue(a b), matrices with any strides but c.
void product(const Tensor& c, const Tensor& a, const Tensor& b, const GemmEpilogue& epilogue);

/// Error unless x [..., I], weight [O, I] and bias [O] or undefined fit; the result's shape [..., O]. `weight_name` and
/// `bias_name` are what `op` calls them.
Shape check_affine(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const char* weight_name = "weight", const char* bias_name = "bias");

/// Rows of y = epilogue(x W^T + b), the bias being added to `epilogue`.
void affine(const Tensor& y, const Tensor& x, const Tensor& weight, const Tensor& bias, GemmEpilogue epilogue);

/// dt [rows, O] = dropout(dy), itself where there is no mask.
Tensor dropped(const Tensor& dy, const DropoutMask& drop);

/// dW = dt^T x, dt [rows, O], x [rows, I]: added by the product straight into the gradient buffer of input `i` of
/// `node` where there is one (beta = 1), so that no weight-sized temporary is made, and in bf16 the f32 master behind a
/// cast receives it unrounded; then undefined. Else a new tensor. If `db` is not null and the backend sums dt's columns
/// in the same product, that is *db, else *db stays undefined.
Tensor weight_gradient(const Node& node, int i, const Tensor& dt, const Tensor& x, Tensor* db);
/// `db` as weight_gradient() left it, or else the sum of dt over rows; as `dtype`.
Tensor bias_gradient(const Tensor& db, const Tensor& dt, DType dtype);

}  // namespace aio::ops
