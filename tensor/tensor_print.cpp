// How a tensor looks in logs and error messages.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/tensor.h"

namespace aio {

std::string to_string(const Description& description) {
  const Tensor& tensor = description.tensor;
  if (!tensor.defined()) return "an undefined tensor";
  std::string text = message(tensor.dtype(), tensor.shape());
  if (!tensor.device().is_cpu()) text += " on " + to_string(tensor.device());
  return text;
}

Description::operator std::string() const { return to_string(*this); }

std::string to_string(const Tensor& tensor) {
  if (!tensor.defined()) return describe(tensor);
  std::string text = describe(tensor);
  const std::int64_t n = tensor.numel();
  if (n == 0) return text + " (empty)";

  constexpr std::int64_t kShown = 8;
  const std::vector<double> values = raw::cast(raw::contiguous(tensor.to(Device{})), DType::f64).to_vector<double>();
  double low = INFINITY, high = -INFINITY, sum = 0;
  std::int64_t non_finite = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      ++non_finite;
      continue;
    }
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
  }
  const auto number = [](double value) {
    char digits[32];
    std::snprintf(digits, sizeof(digits), "%.5g", value);
    return std::string(digits);
  };
  const std::int64_t finite = n - non_finite;
  if (finite > 0) {
    text += " min " + number(low) + " mean " + number(sum / static_cast<double>(finite)) + " max " + number(high);
  }
  if (non_finite > 0) text += message(" non-finite ", non_finite);
  text += " [";
  for (std::int64_t i = 0; i < std::min(n, kShown); ++i) {
    if (i > 0) text += ", ";
    text += number(values[static_cast<std::size_t>(i)]);
  }
  return text + (n > kShown ? ", ...]" : "]");
}

}  // namespace aio
