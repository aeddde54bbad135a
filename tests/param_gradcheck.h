#pragma once
// gradcheck (autograd/gradcheck.h) for whole modules: over the parameters of a ParamStore instead of a function's
// inputs, since modules hold their parameters.

#include <functional>
#include <string>
#include <vector>

#include "nn/param_store.h"

namespace aio::test {

struct ParamGradcheckOptions {
  double step = 1e-5;      ///< h of (L(p + h) - L(p - h)) / 2h, times max(1, |p|)
  int max_elements = 12;   ///< per parameter: the one with the largest gradient, the others spread over it
  std::uint64_t seed = 1;  ///< of the cotangent and of which elements
};

struct ParamGradcheck {
  /// max over parameters of max |backward - difference| / max(1e-3, max |backward|, max |difference|)
  double max_rel_error = 0;
  std::string worst;  ///< which element of which parameter, both values
  /// Trainable parameters whose whole gradient is zero or missing.
  std::vector<std::string> without_gradient;
};

/// f: a pure function of the f64 parameters of `store`, any shape out; it is contracted with a random cotangent.
ParamGradcheck gradcheck_parameters(const nn::ParamStore& store, const std::function<Tensor()>& f,
                                    const ParamGradcheckOptions& options = {});

/// Draws every parameter from N(0, stddev), LayerNorm weights (one-dimensional "weight"s) around 1: from the usual
/// zeros and 0.02s most terms of a gradient would not show.
void randomize(nn::ParamStore& store, double stddev, std::uint64_t seed = 6);

}  // namespace aio::test
