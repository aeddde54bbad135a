#include "nn/init.h"

#include <cmath>

#include "tensor/error.h"

namespace aio::nn {

Init Init::fan_in(std::int64_t fan_in) {
  check(fan_in > 0, ErrorCode::value, "init: fan_in is ", fan_in, ", expected at least 1");
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return uniform(-bound, bound);
}

Tensor make(const Init& init, const Shape& shape, RngKey key, TensorOptions options) {
  switch (init.kind) {
    case Init::Kind::constant: return Tensor::full(shape, init.a, options);
    case Init::Kind::normal: return normal(shape, 0, init.a, key, options);
    case Init::Kind::truncated_normal: return truncated_normal(shape, 0, init.a, -2, 2, key, options);
    case Init::Kind::uniform: return uniform(shape, init.a, init.b, key, options);
  }
  fail(ErrorCode::value, "init: unknown kind ", static_cast<int>(init.kind));
}

}  // namespace aio::nn
