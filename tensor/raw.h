#pragma once
// Views, copies and casts WITHOUT history. For ops, data loading, optimizers and tests; models use autograd/ops.h.
// (tests/layering forbids this header in nn/ except nn/optim, in models/ and in apps/.)

#include <cstdint>
#include <span>

#include "tensor/tensor.h"

namespace aio::raw {

// Views: share storage, cost nothing. All throw Error{shape|index} with the shapes.
/// One dimension may be -1. A view where strides allow it, else a copy.
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor permute(const Tensor& x, std::span<const int> order);
Tensor permute(const Tensor& x, std::initializer_list<int> order);
Tensor transpose(const Tensor& x, int dim0, int dim1);
/// Elements begin, begin+step, ... < end of `dim`; negative begin/end count from the end; step >= 1.
Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step = 1);
/// Index `i` of `dim`, which disappears.
Tensor select(const Tensor& x, int dim, std::int64_t index);
/// Broadcasts to `shape` with stride 0.
Tensor expand(const Tensor& x, const Shape& shape);
Tensor unsqueeze(const Tensor& x, int dim);
/// Same storage, no autograd metadata.
Tensor alias(const Tensor& x);

// Copies.
/// `x` itself if contiguous, else a contiguous copy.
Tensor contiguous(const Tensor& x);
Tensor clone(const Tensor& x);
/// x in another dtype (x itself if it has it already).
Tensor cast(const Tensor& x, DType dtype);
Tensor empty_like(const Tensor& x);
Tensor zeros_like(const Tensor& x);

// In-place writes: raise the storage version, so that a stale saved tensor is detected.
/// Same shape, dtype and device; any strides, but for an expanded destination: throws Error{value}.
void copy_(const Tensor& destination, const Tensor& source);
void fill_(const Tensor& x, double value);
/// y = alpha * x + beta * y, contiguous, same shape and dtype.
void axpby_(const Tensor& y, double alpha, const Tensor& x, double beta);

}  // namespace aio::raw
