#pragma once
// LayerNorm over the last dimension. The parameters and the statistics stay f32, whatever the compute dtype.

#include <cstdint>

#include "nn/forward_ctx.h"
#include "nn/param_store.h"

namespace aio::nn {

/// The reference's three values of eps: they differ by where a layer comes from, so each instance names its own.
inline constexpr double kBertEps = 1e-12;       // text embeddings, MLM and MPP transform
inline constexpr double kVitEps = 1e-6;         // ViT blocks and final norm
inline constexpr double kClassifierEps = 1e-5;  // norms inside the classifiers (PyTorch's default)

struct LayerNorm {
  /// Parameters "weight" (ones) and "bias" (zeros), both [dim].
  LayerNorm(const ParamScope& scope, std::int64_t dim, double eps);

  /// x [..., dim] -> (x - mean) / sqrt(var + eps) * weight + bias, of x's type (f32, bf16; f64 with f64 parameters).
  Tensor forward(const Tensor& x, ForwardCtx& ctx) const;

  Tensor weight, bias;
  double eps;
};

}  // namespace aio::nn
