#include "models/checkpoint/adapt.h"

#include <algorithm>
#include <cmath>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio::weights {
namespace {

/// Copies `count` rows of dimension `dim`, from the start of `source` to row `at` of `target`.
void copy_rows(const Tensor& target, std::int64_t at, const Tensor& source, int dim, std::int64_t begin,
               std::int64_t count) {
  if (count == 0) return;
  raw::copy_(raw::slice(target, dim, at, at + count), raw::slice(source, dim, begin, begin + count));
}

}  // namespace

std::int64_t square_side(std::int64_t count) {
  const auto side =
      static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(std::max<std::int64_t>(count, 0)))));
  return side > 0 && side * side == count ? side : -1;
}

Tensor resize_temporal_table(const Tensor& table, std::int64_t frames) {
  const Tensor source = raw::cast(table, DType::f32);
  Tensor result = Tensor::zeros({1, frames, source.dim(2)});
  copy_rows(result, 0, source, 1, 0, std::min(frames, source.dim(1)));
  return result;
}

Tensor resize_position_table(const Tensor& table, std::int64_t prefix, std::int64_t grid) {
  const Tensor source = raw::cast(table, DType::f32);
  const std::int64_t side = square_side(source.dim(1) - prefix);
  const std::int64_t C = source.dim(2);
  check(side > 0, ErrorCode::shape, "position table: ", describe(table), " has ", source.dim(1) - prefix,
        " patch positions, which are no square");
  const NoGrad no_grad;
  const Tensor patches = raw::slice(source, 1, prefix, source.dim(1));
  const Tensor planes = raw::contiguous(raw::permute(raw::reshape(patches, {side, side, C}), {2, 0, 1}));
  const Tensor resized = raw::permute(resize_bilinear(planes, grid, grid, false), {1, 2, 0});
  Tensor result = Tensor::empty({1, prefix + grid * grid, C});
  copy_rows(result, 0, source, 1, 0, prefix);
  copy_rows(result, prefix, raw::reshape(raw::contiguous(resized), {1, grid * grid, C}), 1, 0, grid * grid);
  return result;
}

Tensor resize_text_table(const Tensor& table, const Tensor& rows) {
  const Tensor source = raw::cast(table, DType::f32);
  const Tensor rest = raw::cast(rows, DType::f32);
  const std::int64_t kept = std::min(source.dim(0), rest.dim(0));
  Tensor result = Tensor::empty(rest.shape());
  copy_rows(result, 0, source, 0, 0, kept);
  copy_rows(result, kept, rest, 0, kept, rest.dim(0) - kept);
  return result;
}

Tensor repeat_last_row(const Tensor& table, std::int64_t rows) {
  const Tensor source = raw::cast(table, DType::f32);
  const std::int64_t known = source.dim(0);
  Tensor result = Tensor::empty({rows, source.dim(1)});
  copy_rows(result, 0, source, 0, 0, known);
  for (std::int64_t row = known; row < rows; ++row) copy_rows(result, row, source, 0, known - 1, 1);
  return result;
}

}  // namespace aio::weights
