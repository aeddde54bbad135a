#include "apps/model/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/ops.h"

namespace aio::apps {
namespace {

std::vector<double> values_of(const Tensor& x) { return cast(x.to(Device{}), DType::f64).to_vector<double>(); }

/// Worst difference, infinite where something is not a number.
struct Worst {
  double error = 0, largest = 0;
  void add(double computed, double reference) {
    const double difference = std::abs(computed - reference);
    error = std::isfinite(difference) ? std::max(error, difference) : std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(reference));
  }
};

/// Integers one by one: doubles would not tell neighbours beyond 2^53 apart.
Worst worst_of_integers(const Tensor& computed, const Tensor& reference) {
  const auto ours = cast(computed.to(Device{}), DType::i64).to_vector<std::int64_t>();
  const auto theirs = cast(reference.to(Device{}), DType::i64).to_vector<std::int64_t>();
  Worst worst;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    worst.add(static_cast<double>(ours[i]), static_cast<double>(theirs[i]));
    if (ours[i] != theirs[i]) worst.error = std::max(worst.error, 1.0);
  }
  return worst;
}

Worst worst_of_floats(const Tensor& computed, const Tensor& reference) {
  const std::vector<double> ours = values_of(computed), theirs = values_of(reference);
  Worst worst;
  for (std::size_t i = 0; i < ours.size() && std::isfinite(worst.error); ++i) worst.add(ours[i], theirs[i]);
  return worst;
}

Comparison judge(Comparison result, const Worst& worst, double tolerance) {
  result.tolerance = tolerance;
  result.pass = worst.error <= tolerance;
  if (!std::isfinite(worst.error)) {
    result.note = "not a finite number";
    return result;
  }
  result.measured = true;
  result.max_abs_error = worst.error;
  result.max_rel_error = worst.largest > 0 ? worst.error / worst.largest : worst.error;
  return result;
}

}  // namespace

double largest_magnitude(const Tensor& x) {
  double largest = 0;
  for (const double value : values_of(x)) largest = std::max(largest, std::abs(value));
  return largest;
}

Comparison compare(const std::string& key, const Tensor& computed, const Tensor& reference,
                   const Tolerance& tolerance) {
  Comparison result;
  result.key = key;
  result.shape = to_string(reference.shape());
  const bool integers = !is_float(reference.dtype());
  if (computed.shape() != reference.shape() || is_float(computed.dtype()) == integers) {
    result.note = message("computed ", describe(computed), ", expected ", describe(reference));
    return result;
  }
  if (integers) return judge(result, worst_of_integers(computed, reference), 0);
  const Worst worst = worst_of_floats(computed, reference);
  return judge(result, worst, tolerance.of(worst.largest));
}

Comparison compare(const std::string& key, double computed, double reference, const Tolerance& tolerance) {
  Comparison result;
  result.key = key;
  result.shape = "[]";
  Worst worst;
  worst.add(computed, reference);
  return judge(result, worst, tolerance.of(worst.largest));
}

Comparison failure(const std::string& key, const std::string& shape, const std::string& note) {
  Comparison result;
  result.key = key;
  result.shape = shape;
  result.note = note;
  return result;
}

}  // namespace aio::apps
