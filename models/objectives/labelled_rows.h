#pragma once
// Losses over few of many positions: pick the labelled rows first, so that a wide decoder works on these alone.

#include "tensor/tensor.h"

namespace aio::models {

/// The label that means "no loss here".
inline constexpr std::int64_t kIgnored = -100;

struct LabelledRows {
  Tensor rows;    ///< [n, C]
  Tensor labels;  ///< i64 [n, ...], none is ignored
};
/// x [..., C], labels i64 [...] of the same leading dimensions -> the rows whose label is not kIgnored, in row-major
/// order. With `per_row` > 1, labels are [..., per_row]: a row counts if its first label does. Throws Error{shape}.
LabelledRows labelled_rows(const Tensor& x, const Tensor& labels, std::int64_t per_row = 1);

/// Mean cross entropy of logits [..., classes] over labels i64 [...] != kIgnored; 0 with gradient 0 where there are
/// none: the reference's 0 / 0 would end a training. Throws Error{shape|dtype|index}.
Tensor mean_cross_entropy(const Tensor& logits, const Tensor& labels);

}  // namespace aio::models
