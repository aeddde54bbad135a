// tile_map on a GPU: cuTensorMapEncodeTiled, asked of the driver at run time, so that nothing links with it.

#include "cuda/tensor_map.h"

#include <cuda_runtime.h>

#include "cuda/cuda_check.h"

namespace aio::cuda {

namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

Encode find_encode() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  constexpr const char* kName = "cuTensorMapEncodeTiled";
#if CUDART_VERSION >= 12050
  constexpr unsigned kSince = 12000;
  check_cuda(cudaGetDriverEntryPointByVersion(kName, &function, kSince, cudaEnableDefault, &found), kName);
#else
  check_cuda(cudaGetDriverEntryPoint(kName, &function, cudaEnableDefault, &found), kName);
#endif
  check(found == cudaDriverEntryPointSuccess, ErrorCode::cuda,
        "the driver has no cuTensorMapEncodeTiled; install one for CUDA 12, or set AIO_HOPPER_PRODUCTS=0");
  return reinterpret_cast<Encode>(function);
}

}  // namespace

TensorMap tile_map(const bf16* data, std::int64_t rows, std::int64_t columns, std::int64_t stride, int box_rows) {
  static const Encode encode = find_encode();
  const cuuint64_t dims[] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)};
  const cuuint64_t row_bytes[] = {static_cast<cuuint64_t>(stride) * sizeof(bf16)};
  const cuuint32_t box[] = {64, static_cast<cuuint32_t>(box_rows)}, every[] = {1, 1};
  TensorMap map;
  const CUresult error = encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, const_cast<bf16*>(data), dims, row_bytes,
                                box, every, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  check(error == CUDA_SUCCESS, ErrorCode::cuda, "cuTensorMapEncodeTiled refuses a matrix of ", rows, " x ", columns,
        ", rows ", stride, " apart: error ", static_cast<int>(error));
  return map;
}

}  // namespace aio::cuda
