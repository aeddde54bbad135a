// Built when AIO_CUDNN_INCLUDE does not say where cuDNN's headers are.
#include "cuda/cudnn_attention.h"
#include "tensor/error.h"

namespace aio::cuda {

std::function<void()> cudnn_attention(Backend&, const View&, const View&, const View&, const View&, const View&,
                                      std::span<const std::int32_t>, double) {
  fail(ErrorCode::cuda, "built without cuDNN (configure with -DAIO_CUDNN_INCLUDE=folder of cudnn.h)");
}

}  // namespace aio::cuda
