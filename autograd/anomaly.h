#pragma once
// The check behind AnomalyMode.

#include "tensor/tensor.h"

namespace aio {

/// Throws Error{value} "log: an output f32[4] is not finite (-inf at element 2, 1 of 4 elements)" if `tensor` is
/// floating and has an inf or nan. `what` says which tensor it is.
void check_finite(const char* op, const char* what, const Tensor& tensor);

}  // namespace aio
