#include "autograd/ops/gemm_operand.h"

#include "tensor/raw.h"

namespace aio::ops {

namespace {

struct MatrixStrides {
  std::int64_t row, col;
};

/// The matrix's strides; those of size-1 dimensions, which may be anything, are replaced by ones that read as a matrix.
MatrixStrides matrix_strides(const Tensor& x) {
  const std::int64_t rows = x.shape().back(1), cols = x.shape().back();
  MatrixStrides s{x.strides().back(1), x.strides().back()};
  if (cols == 1) s.col = 1;
  if (rows == 1) s.row = s.col == 1 ? cols : 1;
  return s;
}

bool fits_gemm(const Tensor& x) {
  const std::int64_t rows = x.shape().back(1), cols = x.shape().back();
  const MatrixStrides s = matrix_strides(x);
  return (s.col == 1 && s.row >= cols) || (s.row == 1 && s.col >= rows);
}

}  // namespace

GemmOperand::GemmOperand(const Tensor& x) : storage(fits_gemm(x) ? x : raw::clone(x)) {
  const MatrixStrides s = matrix_strides(storage);
  view = {storage.raw_data(), storage.dtype(), 2, {storage.shape().back(1), storage.shape().back()}, {s.row, s.col}};
  for (int i = 0; i + 2 < storage.rank(); ++i) batch_strides.push_back(storage.strides()[i]);
}

}  // namespace aio::ops
