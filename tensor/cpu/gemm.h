#pragma once
// One matrix product with its types resolved: what gemm.cpp makes of the Views and hands to a provider.

#include <cstdint>

#include "tensor/backend.h"
#include "tensor/cpu/gemm_epilogue.h"
#include "tensor/dtype.h"

namespace aio::cpu {

/// Element (i, j) is data[i * row_stride + j * col_stride].
template <class T>
struct Matrix {
  T* data = nullptr;
  std::int64_t rows = 0, cols = 0;
  std::int64_t row_stride = 0, col_stride = 0;

  T* at(std::int64_t i, std::int64_t j) const { return data + i * row_stride + j * col_stride; }
};

/// C [M, N] = epilogue(alpha A [M, K] B [K, N] + beta C). S is the stored type of A and B, D that of C; both have the
/// same accumulator type. C has unit column stride. With beta = 0 C is not read.
template <class S, class D>
struct Product {
  using T = accumulator_t<D>;
  Matrix<const S> a, b;
  Matrix<D> c;
  T alpha = 1, beta = 0;
  Epilogue<D> epilogue;
};

/// CpuBackend::gemm and gemm_batched (contract in tensor/backend.h).
void gemm(const View& c, const View& a, const View& b, const GemmEpilogue& epilogue);
void gemm_batched(const View& c, const View& a, const View& b, double alpha, double beta);

// Providers. `parallel` false: all on the calling thread, for callers that already split the batch among threads.
/// gemm_native.cpp: <float, float>, <double, double>, <bf16, bf16>, <bf16, float>.
template <class S, class D>
void gemm_native(const Product<S, D>& product, bool parallel);
/// gemm_library.cpp: the product in tiles of a fixed grid, each by the library on one thread; T is float or double.
enum class Library { openblas, eigen };
template <class T>
void gemm_library(Library library, const Product<T, T>& product, bool parallel);

// The libraries' own product C = alpha A B + beta C on one thread, without epilogue.
void openblas_product(const Product<float, float>& product);
void openblas_product(const Product<double, double>& product);
void eigen_product(const Product<float, float>& product);
void eigen_product(const Product<double, double>& product);
/// The core whose kernels OpenBLAS runs ("SkylakeX"), its version and the width of their vectors in bits; after the
/// first call it runs on one thread.
struct OpenBlasInfo {
  const char* core;
  const char* version;
  int vector_bits;
};
OpenBlasInfo openblas_info();

}  // namespace aio::cpu
