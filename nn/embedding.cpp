#include "nn/embedding.h"

#include "autograd/ops.h"
#include "tensor/error.h"

namespace aio::nn {

Embedding::Embedding(const ParamScope& scope, std::int64_t count, std::int64_t dim, const Init& init,
                     std::int64_t padding)
    : weight(scope.param("weight", {count, dim}, init)), padding_idx(padding) {
  check(padding < count, ErrorCode::index, "Embedding: padding_idx is ", padding, ", expected less than the ", count,
        " rows of the table");
}

Tensor Embedding::forward(const Tensor& ids, ForwardCtx&) const { return embedding(weight, ids, padding_idx); }

}  // namespace aio::nn
