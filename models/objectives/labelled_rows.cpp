#include "models/objectives/labelled_rows.h"

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
  const Tensor index = Tensor::from(places, {n}, x.device());
  const Shape shape = per_row == 1 ? Shape{n} : Shape{n, per_row};
  return {index_select(reshape(x, {x.numel() / C, C}), 0, index), Tensor::from(kept, shape, x.device())};
}

Tensor mean_cross_entropy(const Tensor& logits, const Tensor& labels) {
  if (labels.numel() > 0) return cross_entropy(logits, labels, kIgnored);
  return sum(logits.dtype() == DType::bf16 ? cast(logits, DType::f32) : logits);
}

}  // namespace aio::models
