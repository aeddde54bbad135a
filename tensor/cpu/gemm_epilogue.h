#pragma once
// What happens to a product before it is stored (GemmEpilogue of tensor/backend.h), with its types resolved. It runs
// on a few rows at a time, by the thread that made them, while they are in its L1 cache.

#include <cstdint>

#include "tensor/cpu/dropout_mask.h"
#include "tensor/dtype.h"

namespace aio::cpu {

/// A matrix of C's shape with unit column stride, or nothing.
template <class D>
struct Rows {
  D* data = nullptr;
  std::int64_t stride = 0;

  explicit operator bool() const { return data != nullptr; }
  D* at(std::int64_t i, std::int64_t j) const { return data + i * stride + j; }
};

template <class D>
struct Epilogue {
  using T = accumulator_t<D>;
  const T* bias = nullptr;
  Rows<D> preactivation_out;
  bool gelu = false;
  DropoutFactors<T> dropout;
  std::int64_t row_length = 0;  // of the mask: C's columns
  Rows<const D> gelu_backward_of;
  Rows<const D> residual;

  bool empty() const { return !bias && !preactivation_out && !gelu && !dropout && !gelu_backward_of && !residual; }
};

/// sums = scale * C on rows [row, row + rows) and columns [col, col + cols); `sums` may be C itself.
template <class D>
void scale_rows(accumulator_t<D>* sums, std::int64_t sums_stride, accumulator_t<D> scale, Rows<D> c, std::int64_t row,
                std::int64_t rows, std::int64_t col, std::int64_t cols);

/// Applies the epilogue to rows [row, row + rows) and columns [col, col + cols) of C. The sums are at `sums` (leading
/// dimension `sums_stride`), which are overwritten and may be C itself if D is the accumulator type. Instantiated for
/// float, double, bf16.
template <class D>
void apply_epilogue(const Epilogue<D>& epilogue, accumulator_t<D>* sums, std::int64_t sums_stride, Rows<D> c,
                    std::int64_t row, std::int64_t rows, std::int64_t col, std::int64_t cols);

}  // namespace aio::cpu
