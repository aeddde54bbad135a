#pragma once
// Dropout: zeroes elements with probability `rate` and scales the others by 1 / (1 - rate), in training only.

#include "nn/forward_ctx.h"
#include "tensor/tensor.h"

namespace aio::nn {

struct Dropout {
  /// No parameters. Throws Error{value} unless 0 <= rate < 1.
  explicit Dropout(double rate);

  /// x [...] -> [...]; x itself in evaluation or at rate 0, and then no random key is taken.
  Tensor forward(const Tensor& x, ForwardCtx& ctx) const;
  /// The mask that forward() would apply, for an op that has dropout in it; takes a random key just as often.
  DropoutMask draw(ForwardCtx& ctx) const;
  /// Whether forward() changes anything.
  bool acts(const ForwardCtx& ctx) const { return ctx.training && rate > 0; }

  double rate;
};

}  // namespace aio::nn
