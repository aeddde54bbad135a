#pragma once
// Comparing one computed tensor with the reference's.

#include <string>

#include "tensor/tensor.h"

namespace aio::apps {

struct Comparison {
  std::string key;
  std::string shape;
  bool measured = false;  ///< whether there are numbers; else `note` says why not
  double max_abs_error = 0;
  double max_rel_error = 0;  ///< of the largest magnitude of the reference
  double tolerance = 0;      ///< on max_abs_error
  bool pass = false;
  std::string note;
};

/// How a kind of value is judged: tolerance = max(factor * max(floor, max |reference|) + slack).
struct Tolerance {
  double factor = 0;
  double floor = 0;
  double slack = 0;
  double of(double largest) const { return factor * (largest > floor ? largest : floor) + slack; }

  static Tolerance output() { return {2e-5, 1, 0}; }
  static Tolerance scalar() { return {1e-5, 1, 0}; }
  /// `largest`: of all gradients of the same loss. A bias whose true gradient is zero has rounding noise only.
  static Tolerance gradient(double largest) { return {1e-4, 0, 1e-6 * largest}; }
};

/// Elementwise; integers (i64 in the reference) must be equal. NaN and infinity never pass.
Comparison compare(const std::string& key, const Tensor& computed, const Tensor& reference, const Tolerance& tolerance);
Comparison compare(const std::string& key, double computed, double reference, const Tolerance& tolerance);
Comparison failure(const std::string& key, const std::string& shape, const std::string& note);

/// Largest magnitude, 0 for none.
double largest_magnitude(const Tensor& x);

}  // namespace aio::apps
