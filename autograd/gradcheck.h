#pragma once
// gradcheck: is an op's backward the derivative of its forward?
//
// Central differences in float64 on L(x) = <cotangent, f(x)> with a RANDOM cotangent. (All ones would be blind: the sum
// of a softmax is constant, so any backward of it that is wrong in that direction passes.)

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace aio {

using DifferentiableFn = std::function<Tensor(const std::vector<Tensor>& inputs)>;

struct GradcheckOptions {
  double step = 1e-5;       ///< h of (L(x + h) - L(x - h)) / 2h, times max(1, |x|)
  double tolerance = 1e-6;  ///< on the relative error below
  std::uint64_t seed = 1;   ///< of the cotangent
  int max_elements = 4096;  ///< per input; larger inputs are sampled at as many positions
};

struct GradcheckResult {
  bool ok = false;
  /// max over inputs of max |analytic - numeric| / max(1e-3, max |numeric|, max |analytic|) of that input
  double max_rel_error = 0;
  std::string message;  ///< empty if ok; else which input, which element, both values
};

/// Checks every input that requires grad; the others are constants. Floating inputs are f64, of any strides; masks and
/// ids may be among them. f must be a pure function. Inputs are left as they were (values and gradients).
///
/// Also not ok: a gradient of the wrong shape, a result without history, an input changed in place, another gradient
/// for a strided cotangent than for a packed one, another output for packed copies of the inputs. Throws Error{dtype}
/// for f32 or bf16 inputs, Error{value} if none requires grad. Costs two backward and 2 n forward passes for n
/// elements.
GradcheckResult gradcheck(const DifferentiableFn& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options = {});

}  // namespace aio
