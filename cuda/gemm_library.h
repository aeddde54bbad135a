#pragma once
// Plain matrix products by a library: cuBLASLt (gemm_cublas.cpp), or a loop in the emulation.

#include <cstdint>
#include <string>

#include "cuda/runtime.h"
#include "tensor/dtype.h"

namespace aio::cuda {

/// Element (i, j) of product b is data[b * batch_stride + i * row_stride + j * col_stride]; one of the two strides
/// is 1.
struct GemmMatrix {
  void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t rows = 0, cols = 0;
  std::int64_t row_stride = 0, col_stride = 0, batch_stride = 0;
};

/// C = alpha A B + beta D + bias, `batch` times; C and D are row-major, D may be C. f32, or bf16 with C in bf16 or f32;
/// sums in f32, rounded once; no TF32. The bias (or null) has C's type, a number for each column, and 16-byte
/// alignment.
struct GemmCall {
  GemmMatrix c, a, b, d;
  float alpha = 1, beta = 0;
  std::int64_t batch = 1;
  const void* bias = nullptr;
  void* row_sums = nullptr;
};

#if defined(__CUDACC__)
inline constexpr std::size_t kGemmWorkspace = std::size_t{32} << 20;  // what cuBLASLt asks for on Hopper
#else
inline constexpr std::size_t kGemmWorkspace = 0;  // the emulation's loop needs none
#endif

/// Throws Error{blas}. `workspace` may be null. False if the library has no kernel with row_sums for this shape.
bool library_gemm(const GemmCall& call, void* workspace, std::size_t workspace_bytes, Stream stream);
/// "cuBLASLt 13.1", or why there is none.
std::string gemm_library_name();

}  // namespace aio::cuda
