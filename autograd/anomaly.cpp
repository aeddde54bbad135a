#include "autograd/anomaly.h"

#include <cmath>

#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {

void check_finite(const char* op, const char* what, const Tensor& tensor) {
  if (!tensor.defined() || !is_float(tensor.dtype())) return;
  const Tensor x = raw::contiguous(tensor.to(Device{}));
  const std::int64_t n = x.numel();
  std::int64_t first = -1;
  std::int64_t count = 0;
  double value = 0;
  dispatch_float(x.dtype(), [&]<class T>() {
    const T* data = x.data<T>();
    for (std::int64_t i = 0; i < n; ++i) {
      const auto element = static_cast<double>(static_cast<accumulator_t<T>>(data[i]));
      if (std::isfinite(element)) continue;
      if (count++ == 0) {
        first = i;
        value = element;
      }
    }
  });
  check(count == 0, ErrorCode::value, op, ": ", what, " ", describe(tensor), " is not finite (", value, " at element ",
        first, ", ", count, " of ", n, " elements)");
}

}  // namespace aio
