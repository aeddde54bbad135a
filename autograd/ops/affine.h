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

struct AffineGradients {
  Tensor dw, db;
};
/// dW = dt^T x and db = the sums of dt over its rows, for the inputs `weight` and `bias` of `node`, each if it is
/// wanted; dt [rows, O], x [rows, I] (undefined if dW is not wanted). One product where the backend makes the sums
/// beside dW. What is a leaf, or one behind a cast, gets its gradient in its own buffer, in bf16 unrounded: then the
/// result is undefined. db is returned as `bias_dtype`.
AffineGradients affine_gradients(const Node& node, int weight, int bias, const Tensor& dt, const Tensor& x,
                                 DType bias_dtype);

}  // namespace aio::ops
