#pragma once
// check_cuda(cudaMalloc(&p, n), "cudaMalloc"): throws Error{cuda} with CUDA's name and text of what went wrong.

#include <cuda_runtime.h>

#include "tensor/error.h"

namespace aio::cuda {

inline void check_cuda(cudaError_t error, const char* call) {
  if (error == cudaSuccess) [[likely]]
    return;
  cudaGetLastError();  // reading it clears it
  fail(ErrorCode::cuda, "cuda: ", call, " failed: ", cudaGetErrorName(error), ", ", cudaGetErrorString(error));
}

}  // namespace aio::cuda
