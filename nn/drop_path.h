#pragma once
// DropPath, stochastic depth: zeroes x[i] for whole rows i of dimension 0 with probability `rate` and scales the others
// by 1 / (1 - rate), in training only. In All-in-one a row is a frame: the frames of a clip drop independently.

#include "nn/forward_ctx.h"
#include "tensor/tensor.h"

namespace aio::nn {

struct DropPath {
  /// No parameters. Throws Error{value} unless 0 <= rate < 1.
  explicit DropPath(double rate);

  /// x [B, ...] -> [B, ...]; x itself in evaluation or at rate 0, and then no random key is taken.
  Tensor forward(const Tensor& x, ForwardCtx& ctx) const;
  /// Whether forward() changes anything.
  bool acts(const ForwardCtx& ctx) const { return ctx.training && rate > 0; }

  double rate;
};

/// Rates grow linearly from 0 at the first block to `last` at the last of `depth`.
double drop_path_rate(double last, int block, int depth);

}  // namespace aio::nn
