#include "models/objectives/labelled_rows.h"

#include <algorithm>
#include <vector>

#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {

namespace {

/// Rows of `labels` that are not ignored, and their labels.
struct Labelled {
  std::vector<std::int64_t> places, labels;
};
Labelled labelled(const Tensor& labels, std::int64_t per_row) {
  const std::vector<std::int64_t> all = labels.to_vector<std::int64_t>();
  Labelled found;
  for (std::size_t begin = 0; begin < all.size(); begin += static_cast<std::size_t>(per_row)) {
    if (all[begin] == kIgnored) continue;
    found.places.push_back(static_cast<std::int64_t>(begin) / per_row);
    found.labels.insert(found.labels.end(), all.begin() + static_cast<std::ptrdiff_t>(begin),
                        all.begin() + static_cast<std::ptrdiff_t>(begin) + per_row);
  }
  return found;
}

}  // namespace

LabelledRows labelled_rows(const Tensor& x, const Tensor& labels, std::int64_t per_row) {
  const std::int64_t C = x.dim(-1);
  check(labels.dtype() == DType::i64 && labels.numel() * C == x.numel() * per_row, ErrorCode::shape,
        "labelled rows: labels are ", describe(labels), " for ", describe(x), ", expected i64, ", per_row,
        " for each row");
  const Tensor places = host_tensor([=] {
    const std::vector<std::int64_t> rows = labelled(labels, per_row).places;
    return Tensor::from(rows, {static_cast<std::int64_t>(rows.size())});
  });
  const Tensor kept = host_tensor([=] {
    const std::vector<std::int64_t> values = labelled(labels, per_row).labels;
    const auto n = static_cast<std::int64_t>(values.size());
    return Tensor::from(values, per_row == 1 ? Shape{n} : Shape{n / per_row, per_row});
  });
  return {index_select(reshape(x, {x.numel() / C, C}), 0, places), kept};
}

Tensor mean_cross_entropy(const Tensor& logits, const Tensor& labels) {
  if (labels.dtype() != DType::i64) return cross_entropy(logits, labels, kIgnored);  // which refuses them
  const std::int64_t any = host_number([=] {
    const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
    return std::any_of(values.begin(), values.end(), [](std::int64_t label) { return label != kIgnored; });
  });
  if (any != 0) return cross_entropy(logits, labels, kIgnored);
  // An empty sum keeps its history: every parameter before it gets a gradient, of zeros.
  const Tensor none = slice(logits, 0, 0, 0);
  return sum(none.dtype() == DType::bf16 ? cast(none, DType::f32) : none);
}

}  // namespace aio::models
