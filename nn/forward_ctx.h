#pragma once
// ForwardCtx: what a forward pass depends on besides parameters and inputs. Passed down, never global.

#include <memory>

#include "nn/kept_casts.h"
#include "tensor/random.h"

namespace aio::nn {

struct ForwardCtx {
  bool training = false;       ///< dropout and drop path act only when true
  RngStream rng{0};            ///< each random op takes rng.next()
  DType compute = DType::f32;  ///< f32, bf16 (f32 masters) or f64 (gradient checks): Linear casts its weights to it

  std::shared_ptr<KeptCasts> casts{};  ///< see cast_parameter(); null: each time anew

  static ForwardCtx eval(DType compute = DType::f32) {
    return {false, RngStream{0}, compute, std::make_shared<KeptCasts>()};
  }
  static ForwardCtx train(std::uint64_t seed, std::uint32_t step, DType compute = DType::f32) {
    return {true, RngStream{seed, step}, compute, nullptr};
  }
};

/// cast(parameter, dtype), or the one that ctx keeps where no gradient is wanted.
Tensor cast_parameter(const Tensor& parameter, DType dtype, const ForwardCtx& ctx);

}  // namespace aio::nn
