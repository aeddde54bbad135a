#pragma once
// Short names for the graph tests.

#include <vector>

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "autograd/ops.h"
#include "tensor/raw.h"

namespace aio::test {

using Values = std::vector<double>;

inline Tensor constant(const Values& values, const Shape& shape) { return Tensor::from(values, shape); }
inline Tensor constant(const Values& values) { return constant(values, {static_cast<std::int64_t>(values.size())}); }

inline Tensor leaf(const Tensor& x) {
  set_requires_grad(x);
  return x;
}
inline Tensor leaf(const Values& values) { return leaf(constant(values)); }

inline Values values_of(const Tensor& x) { return x.to_vector<double>(); }
inline Values grad_of(const Tensor& x) { return grad(x).defined() ? values_of(grad(x)) : Values{}; }

}  // namespace aio::test
