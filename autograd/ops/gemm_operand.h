#pragma once
// How matmul and linear hand a tensor to the gemm kernels.

#include "tensor/tensor.h"

namespace aio::ops {

/// The last two dimensions of x as a strided matrix with one unit stride, and the strides of the dimensions before
/// them. A transpose or a slice is taken as it is; x is copied only if neither stride is 1 or rows overlap (expand).
struct GemmOperand {
  explicit GemmOperand(const Tensor& x);
  Tensor storage;         ///< x or its copy: keeps the memory alive
  View view;              ///< rank 2
  Strides batch_strides;  ///< of the leading dimensions
};

}  // namespace aio::ops
