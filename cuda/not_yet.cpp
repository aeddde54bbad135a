// Kernels that are not on the GPU yet say so.

#include "cuda/cuda_backend.h"
#include "tensor/error.h"

namespace aio {

namespace {
[[noreturn]] void not_yet(const char* name) {
  fail(ErrorCode::cuda, name, ": this kernel is not on the GPU yet (use --device cpu)");
}
}  // namespace

void CudaBackend::argmax_rows(const View&, const View&) { not_yet("argmax_rows"); }
void CudaBackend::topk_rows(const View&, const View&, const View&) { not_yet("topk_rows"); }
void CudaBackend::sort_rows(const View&, const View&, const View&, bool) { not_yet("sort_rows"); }

}  // namespace aio
