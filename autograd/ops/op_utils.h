#pragma once
// Shared by the op files: argument checks with one wording for all ops, and the two halves of broadcasting.
//
// Gradients of broadcast inputs: y = f(expand(x)) has dx = sum of df over the repeated positions, so every op that
// broadcasts ends its backward with sum_to_shape. Backward functions run under NoGrad and may therefore call the public
// ops of autograd/ops.h as plain arithmetic.

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tensor/backend.h"
#include "tensor/raw.h"
#include "tensor/tensor.h"

namespace aio::ops {

// ---- checks; all messages begin with `op` ---------------------------------------------------------------------------
/// An argument and what the op calls it.
struct Arg {
  const char* name;
  const Tensor& tensor;
};

/// Error{value} unless x is defined.
void check_defined(const char* op, Arg x);
/// Every argument is defined, floating, and has the first one's dtype and device. Error{value|dtype|device}.
void check_floating(const char* op, std::initializer_list<Arg> args);
/// `x` is defined, has exactly this dtype, and lives where `reference` does. Error{value|dtype|device}.
void check_typed(const char* op, Arg x, DType dtype, Arg reference);
/// Error{shape} unless x has `shape`; `why` says where that comes from: "to match x [4, 3]".
void check_shape(const char* op, Arg x, const Shape& expected, const char* why, const Shape& other);
/// Error{shape} unless x has at least (exactly) this rank; `layout` shows it: "[..., M, K]".
void check_min_rank(const char* op, Arg x, int rank, const char* layout);
void check_rank(const char* op, Arg x, int rank, const char* layout);
/// `index` is i64, on the host or where `x` is. Error{value|dtype|device}.
void check_index(const char* op, Arg index, Arg x);
/// `index` on `device`. Error{index} names its first element outside 0..size-1, called `element`, and its position: at
/// once for an index on the host, which is sent after; for one on a GPU when the host next waits for that
/// (Backend::check_indices).
Tensor placed_indices(const char* op, const char* element, const Tensor& index, std::int64_t size, Device device);
/// The check alone; again before each replay of a recorded step.
void check_indices(const char* op, const char* element, const Tensor& index, std::int64_t size);
/// Error{value} unless 0 <= p < 1.
void check_probability(const char* op, double p);
/// Error{value} unless eps >= 0.
void check_eps(const char* op, double eps);

// ---- forms that kernels take ----------------------------------------------------------------------------------------
/// x for a kernel that repeats an operand over leading dimensions: x itself (without leading ones) if it is the
/// trailing part of `shape`, else a contiguous copy broadcast to `shape`.
Tensor suffix_operand(const Tensor& x, const Shape& shape);
/// Contiguous and broadcast to `shape`.
Tensor full_operand(const Tensor& x, const Shape& shape);
/// Contiguous [rows, cols], cols the last dimension (1 for a scalar).
Tensor as_matrix(const Tensor& x);
/// The product of dimensions begin..end-1.
std::int64_t product(const Shape& shape, int begin, int end);
/// Contiguous [outer, dim, inner]: the sizes before, at and after `dim`.
Tensor as_outer_dim_inner(const Tensor& x, int dim);

// ---- reductions -----------------------------------------------------------------------------------------------------
/// Sum over `dims` (normalised, distinct); the dimensions disappear. One kernel call, so one rounding.
Tensor sum_over(const Tensor& x, const std::vector<int>& dims);
/// The gradient of broadcasting `shape` to dy.shape(): sums what was repeated. dy itself if nothing was.
Tensor sum_to_shape(const Tensor& dy, const Shape& shape);

}  // namespace aio::ops
