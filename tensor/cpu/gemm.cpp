// CpuBackend::gemm and gemm_batched: resolves Views to typed products and hands them to the provider (tensor/
// gemm_provider.h). bf16 products are never a library's: neither computes them on a CPU.

#include "tensor/cpu/gemm.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/gemm_amx.h"
#include "tensor/cpu/scratch.h"
#include "tensor/cpu/simd.h"
#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"

namespace aio::cpu {

namespace {

/// The last two dimensions of `view`. The stride of a dimension of size 1 means nothing: it is set so that a unit
/// stride is found where there can be one.
template <class T>
Matrix<T> matrix(const View& view) {
  const int row = view.rank - 2, col = view.rank - 1;
  Matrix<T> m{view.as<T>(), view.dim[row], view.dim[col], view.stride[row], view.stride[col]};
  if (m.cols == 1) m.col_stride = 1;
  if (m.rows == 1 && m.col_stride != 1) m.row_stride = 1;
  return m;
}

template <class D>
Rows<D> rows_of(const View* view) {
  if (view == nullptr) return {};
  return {view->as<D>(), view->rank < 2 ? 0 : view->stride[view->rank - 2]};
}

/// A library wants sizes that fit an int (OpenBLAS), a unit stride and lines that do not overlap (as those of an
/// expanded tensor do).
template <class T>
bool library_takes(const Matrix<T>& m) {
  if (std::max({m.rows, m.cols, m.row_stride, m.col_stride}) > std::numeric_limits<int>::max()) return false;
  return m.col_stride == 1 ? m.rows <= 1 || m.row_stride >= m.cols
                           : m.row_stride == 1 && (m.cols <= 1 || m.col_stride >= m.rows);
}

template <class S, class D>
void multiply(const Product<S, D>& product, bool parallel) {
  const GemmProvider provider = gemm_provider();
#if defined(AIO_HAS_AMX)
  if constexpr (!std::is_same_v<S, double>) {
    if (provider == GemmProvider::amx && amx_takes(product)) return gemm_amx(product, parallel);
  }
#endif
  if constexpr (std::is_same_v<S, accumulator_t<S>>) {
    const bool library = provider == GemmProvider::openblas || provider == GemmProvider::eigen;
    if (library && library_takes(product.a) && library_takes(product.b) && library_takes(product.c)) {
      return gemm_library(provider == GemmProvider::openblas ? Library::openblas : Library::eigen, product, parallel);
    }
  }
  gemm_native(product, parallel);
}

/// body.operator()<S, D>() for the stored types of A (and B) and of C.
template <class Body>
void dispatch_product(const View& c, const View& a, [[maybe_unused]] const View& b, Body&& body) {
  assert(a.dtype == b.dtype && accumulator_of(a.dtype) == accumulator_of(c.dtype));
  dispatch_float(a.dtype, [&]<class S>() {
    if constexpr (std::is_same_v<S, bf16>) {
      if (c.dtype == DType::f32) return body.template operator()<bf16, float>();
    }
    assert(c.dtype == a.dtype);
    body.template operator()<S, S>();
  });
}

template <class S, class D>
Product<S, D> product_of(const View& c, const View& a, const View& b, double alpha, double beta) {
  using T = accumulator_t<D>;
  Product<S, D> product{matrix<const S>(a),    matrix<const S>(b),   matrix<D>(c),
                        static_cast<T>(alpha), static_cast<T>(beta), {}};
  assert(product.a.cols == product.b.rows && product.c.rows == product.a.rows && product.c.cols == product.b.cols);
  assert(product.c.col_stride == 1);
  return product;
}

}  // namespace

void gemm(const View& c, const View& a, const View& b, const GemmEpilogue& epilogue) {
  dispatch_product(c, a, b, [&]<class S, class D>() {
    using T = accumulator_t<D>;
    auto product = product_of<S, D>(c, a, b, epilogue.alpha, epilogue.beta);
    product.epilogue.preactivation_out = rows_of<D>(epilogue.preactivation_out);
    product.epilogue.gelu = epilogue.gelu;
    if (epilogue.dropout != nullptr) product.epilogue.dropout = DropoutFactors<T>(*epilogue.dropout);
    product.epilogue.row_length = product.c.cols;
    product.epilogue.gelu_backward_of = rows_of<const D>(epilogue.gelu_backward_of);
    product.epilogue.residual = rows_of<const D>(epilogue.residual);
    if (epilogue.bias == nullptr || epilogue.bias->dtype == dtype_of<T>) {
      product.epilogue.bias = epilogue.bias == nullptr ? nullptr : epilogue.bias->as<const T>();
      return multiply(product, true);
    }
    if constexpr (std::is_same_v<T, float>) {  // a bf16 bias, widened once
      assert(epilogue.bias->dtype == DType::bf16);
      const Scratch bias(static_cast<std::size_t>(product.c.cols) * sizeof(T));
      for (std::int64_t j = 0; j < product.c.cols; ++j) {
        bias.as<T>()[j] = static_cast<float>(epilogue.bias->as<bf16>()[j]);
      }
      product.epilogue.bias = bias.as<T>();
      multiply(product, true);
    }
  });
}

void gemm_batched(const View& c, const View& a, const View& b, double alpha, double beta) {
  assert(c.rank == 3 && a.rank == 3 && b.rank == 3);
  dispatch_product(c, a, b, [&]<class S, class D>() {
    const auto first = product_of<S, D>(c, a, b, alpha, beta);
    const std::int64_t batch = c.dim[0];
    const auto run = [&](std::int64_t i, bool parallel) {
      Product<S, D> product = first;
      product.a.data += i * a.stride[0];
      product.b.data += i * b.stride[0];
      product.c.data += i * c.stride[0];
      multiply(product, parallel);
    };
    // Whole products to threads; too few of them, and each is split. Bits are the same either way.
    if (batch < num_threads()) {
      for (std::int64_t i = 0; i < batch; ++i) run(i, true);
      return;
    }
    const std::int64_t work = std::max<std::int64_t>(1, first.c.rows * first.c.cols * first.a.cols);
    constexpr std::int64_t kPieceWork = 1 << 17;  // products that are worth a piece: about 2 us
    parallel_for(batch, std::max<std::int64_t>(1, kPieceWork / work), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) run(i, false);
    });
  });
}

}  // namespace aio::cpu

namespace aio {

void CpuBackend::gemm(const View& c, const View& a, const View& b, const GemmEpilogue& epilogue) {
  cpu::gemm(c, a, b, epilogue);
}

void CpuBackend::gemm_batched(const View& c, const View& a, const View& b, double alpha, double beta) {
  cpu::gemm_batched(c, a, b, alpha, beta);
}

}  // namespace aio
