#include "models/objectives/labelled_rows.h"

#include <algorithm>
#include <vector>

#include "autograd/ops.h"

namespace aio::models {

LabelledRows labelled_rows(const Tensor& x, const Tensor& labels, std::int64_t per_row) {
  const std::int64_t C = x.dim(-1);
  check(labels.dtype() == DType::i64 && labels.numel() * C == x.numel() * per_row, ErrorCode::shape,
        "labelled rows: labels are ", describe(labels), " for ", describe(x), ", expected i64, ", per_row,
        " for each row");
  const std::vector<std::int64_t> all = labels.to_vector<std::int64_t>();
  std::vector<std::int64_t> places, kept;
  for (std::size_t begin = 0; begin < all.size(); begin += static_cast<std::size_t>(per_row)) {
    if (all[begin] == kIgnored) continue;
    places.push_back(static_cast<std::int64_t>(begin) / per_row);
    kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(begin),
                all.begin() + static_cast<std::ptrdiff_t>(begin) + per_row);
  }
  const auto n = static_cast<std::int64_t>(places.size());
  const Shape shape = per_row == 1 ? Shape{n} : Shape{n, per_row};
  return {index_select(reshape(x, {x.numel() / C, C}), 0, Tensor::from(places, {n})), Tensor::from(kept, shape)};
}

Tensor mean_cross_entropy(const Tensor& logits, const Tensor& labels) {
  if (labels.dtype() != DType::i64) return cross_entropy(logits, labels, kIgnored);  // which refuses them
  const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
  const bool any = std::any_of(values.begin(), values.end(), [](std::int64_t label) { return label != kIgnored; });
  if (any) return cross_entropy(logits, labels, kIgnored);
  // An empty sum keeps its history: every parameter before it gets a gradient, of zeros.
  const Tensor none = slice(logits, 0, 0, 0);
  return sum(none.dtype() == DType::bf16 ? cast(none, DType::f32) : none);
}

}  // namespace aio::models
