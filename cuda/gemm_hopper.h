#pragma once
// Products of our own on the instructions of an H100 (gemm_hopper.cu), where the device has them.

#include "cuda/gemm_epilogue.h"
#include "cuda/gemm_tensor_core.h"
#include "cuda/hopper_switch.h"

namespace aio::cuda {

/// C = epilogue(A B), operands as for gemm_tensor_core, of which `by_column` says how B lies; any K > 0.
void gemm_hopper(Stream stream, int index, const TensorCoreOperand& a, const TensorCoreOperand& b, bool by_column,
                 std::int64_t M, std::int64_t N, std::int64_t K, const Epilogue<bf16, float>& epilogue);

}  // namespace aio::cuda
