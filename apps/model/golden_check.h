#pragma once
// Holds a model against a golden set: every key, scalar and gradient that the set lists.

#include <vector>

#include "apps/model/comparison.h"
#include "apps/model/golden_set.h"
#include "tensor/device.h"

namespace aio::apps {

/// One line for each key that is not an input, in the set's order; then "scalars.NAME", "grad_none.PARAMETER" and
/// "grad_norms.LOSS.PARAMETER". A key that is not understood, or whose inputs are missing or wrong, is a failure.
/// Throws Error{format} if the weights do not make the model.
std::vector<Comparison> check_golden_set(const GoldenSet& set, Device device);

}  // namespace aio::apps
