// Eigen behind gemm_library.cpp; the only file that includes Eigen for products.

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12's own AVX-512 header warns when inlined.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <Eigen/Core>

#include "tensor/cpu/gemm.h"

namespace aio::cpu {

namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using OuterStride = Eigen::OuterStride<>;

/// body(expression): the stored matrix, or its transpose. Two instances, since Eigen decides by type.
template <class T, class Body>
void with_operand(const Matrix<const T>& m, Body&& body) {
  using Map = Eigen::Map<const RowMajor<T>, Eigen::Unaligned, OuterStride>;
  if (m.col_stride == 1) {
    body(Map(m.data, m.rows, m.cols, OuterStride(m.row_stride)));
  } else {
    body(Map(m.data, m.cols, m.rows, OuterStride(m.col_stride)).transpose());
  }
}

template <class T>
void product_of(const Product<T, T>& p) {
  Eigen::Map<RowMajor<T>, Eigen::Unaligned, OuterStride> c(p.c.data, p.c.rows, p.c.cols, OuterStride(p.c.row_stride));
  if (p.beta == T(0)) {
    c.setZero();
  } else if (p.beta != T(1)) {
    c *= p.beta;
  }
  if (p.a.cols == 0) return;
  with_operand<T>(
      p.a, [&](const auto& a) { with_operand<T>(p.b, [&](const auto& b) { c.noalias() += p.alpha * (a * b); }); });
}

}  // namespace

void eigen_product(const Product<float, float>& product) { product_of(product); }
void eigen_product(const Product<double, double>& product) { product_of(product); }

}  // namespace aio::cpu
