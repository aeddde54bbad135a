#pragma once
// Linear: y = x W^T + b, weight [out, in] as PyTorch keeps it.

#include <cstdint>
#include <optional>

#include "nn/dropout.h"
#include "nn/forward_ctx.h"
#include "nn/param_store.h"

namespace aio::nn {

/// How a Linear starts.
struct LinearOptions {
  bool bias = true;
  std::optional<Init> weight_init{};  ///< none: PyTorch's default, uniform in +-1/sqrt(in)
  std::optional<Init> bias_init{};    ///< the same

  /// The ViT's: truncated normal, zero bias.
  static LinearOptions truncated_normal(double stddev = 0.02) {
    return {true, Init::truncated_normal(stddev), Init::zeros()};
  }
  /// BERT's: normal, zero bias.
  static LinearOptions normal(double stddev = 0.02) { return {true, Init::normal(stddev), Init::zeros()}; }
  LinearOptions without_bias() const { return {false, weight_init, {}}; }
};

struct Linear {
  /// Parameters "weight" [out, in] and, unless options.bias is false, "bias" [out].
  Linear(const ParamScope& scope, std::int64_t in, std::int64_t out, const LinearOptions& options = {});

  /// x [..., in] of type ctx.compute -> [..., out] of the same type; the weight is cast to it.
  /// Throws Error{dtype} if x has another type, Error{shape} if its last dimension is not `in`.
  Tensor forward(const Tensor& x, ForwardCtx& ctx) const;
  /// gelu(forward(x)) in one product.
  Tensor forward_gelu(const Tensor& x, ForwardCtx& ctx) const;
  /// residual + dropout(forward(x)) in one product; residual [..., out].
  Tensor forward_residual(const Tensor& x, const Tensor& residual, const Dropout& drop, ForwardCtx& ctx) const;

  /// The masters as a product wants them: the weight in its type, the bias in the type it accumulates in. The casts
  /// have gradients, so the masters stay f32 (or f64).
  struct Weights {
    Tensor weight, bias;
  };
  Weights cast_weights(const ForwardCtx& ctx) const;
  /// Throws Error{dtype} unless x has the compute type.
  void check_input(const Tensor& x, const ForwardCtx& ctx) const;

  Tensor weight;
  Tensor bias;  ///< undefined without bias
};

}  // namespace aio::nn
