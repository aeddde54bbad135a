#pragma once
// Embedding: a table of rows looked up by id.

#include <cstdint>

#include "nn/forward_ctx.h"
#include "nn/param_store.h"

namespace aio::nn {

struct Embedding {
  /// Parameter "weight" [count, dim]. The row `padding_idx` (if >= 0) is drawn like the others, as in the reference,
  /// but receives no gradient. Throws Error{index} if it is not below count.
  Embedding(const ParamScope& scope, std::int64_t count, std::int64_t dim, const Init& init = Init::normal(0.02),
            std::int64_t padding_idx = -1);

  /// ids i64 [...] in 0..count-1 -> [..., dim] of the table's type (not ctx.compute: what follows is a sum and a
  /// LayerNorm, which are worth f32). Throws Error{index} that names the id.
  Tensor forward(const Tensor& ids, ForwardCtx& ctx) const;

  Tensor weight;
  std::int64_t padding_idx;
};

}  // namespace aio::nn
