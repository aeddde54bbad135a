// The library's products by a loop, in place of cuBLASLt.

#include "cuda/emulation/emulator.h"
#include "cuda/emulation/memory.h"
#include "cuda/gemm_library.h"

namespace aio::cuda {

namespace {

float element(const GemmMatrix& m, std::int64_t index) {
  const auto i = static_cast<std::size_t>(index);
  return m.dtype == DType::bf16 ? static_cast<float>(static_cast<const bf16*>(m.data)[i])
                                : static_cast<const float*>(m.data)[i];
}

std::int64_t index(const GemmMatrix& m, std::int64_t b, std::int64_t i, std::int64_t j) {
  return b * m.batch_stride + i * m.row_stride + j * m.col_stride;
}

void multiply(const GemmCall& call) {
  const emulation::DeviceAccess access;
  if (call.row_sums != nullptr) {
    for (std::int64_t i = 0; i < call.a.rows; ++i) {
      float sum = 0;
      for (std::int64_t k = 0; k < call.a.cols; ++k) sum += element(call.a, index(call.a, 0, i, k));
      static_cast<float*>(call.row_sums)[i] = sum;
    }
  }
  for (std::int64_t b = 0; b < call.batch; ++b) {
    for (std::int64_t i = 0; i < call.c.rows; ++i) {
      for (std::int64_t j = 0; j < call.c.cols; ++j) {
        float sum = 0;
        for (std::int64_t k = 0; k < call.a.cols; ++k)
          sum += element(call.a, index(call.a, b, i, k)) * element(call.b, index(call.b, b, k, j));
        const std::int64_t at = index(call.c, b, i, j);
        sum *= call.alpha;
        if (call.beta != 0) sum += call.beta * element(call.d, index(call.d, b, i, j));
        if (call.bias != nullptr) {
          const GemmMatrix bias{const_cast<void*>(call.bias), call.c.dtype};  // NOLINT: only read
          sum += element(bias, j);
        }
        if (call.c.dtype == DType::bf16) {
          static_cast<bf16*>(call.c.data)[at] = bf16(sum);
        } else {
          static_cast<float*>(call.c.data)[at] = sum;
        }
      }
    }
  }
}

}  // namespace

bool library_gemm(const GemmCall& call, void*, std::size_t, Stream) {
  emulation::ask("product", [call] { multiply(call); });
  return true;
}

std::string gemm_library_name() { return "a loop on the host"; }

}  // namespace aio::cuda
