#pragma once
// ForwardCtx: what a forward pass depends on besides parameters and inputs. Passed down, never global.

#include "tensor/random.h"

namespace aio::nn {

struct ForwardCtx {
  bool training = false;       ///< dropout and drop path act only when true
  RngStream rng{0};            ///< each random op takes rng.next()
  DType compute = DType::f32;  ///< f32, bf16 (f32 masters) or f64 (gradient checks): Linear casts its weights to it

  static ForwardCtx eval(DType compute = DType::f32) { return {false, RngStream{0}, compute}; }
  static ForwardCtx train(std::uint64_t seed, std::uint32_t step, DType compute = DType::f32) {
    return {true, RngStream{seed, step}, compute};
  }
};

}  // namespace aio::nn
