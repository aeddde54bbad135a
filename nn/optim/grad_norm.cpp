#include "nn/optim/grad_norm.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace aio::nn {

GradNorm grad_norm(const FlatParams& params, double max_norm, int micro_batches) {
  check(max_norm > 0, ErrorCode::value, "grad_norm: max_norm is ", max_norm, ", expected more than 0");
  check(micro_batches >= 1, ErrorCode::value, "grad_norm: ", micro_batches, " micro-batches, expected at least 1");
  const GradStats stats = params.grad_stats();
  const double average = 1.0 / micro_batches;
  const double norm = std::sqrt(stats.sum_of_squares) * average;
  return {norm, average * std::min(1.0, max_norm / (norm + 1e-6)), stats.non_finite};
}

}  // namespace aio::nn
