#pragma once
// Initialisers, as values: what a parameter is before training.

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio::nn {

struct Init {
  enum class Kind { constant, normal, truncated_normal, uniform };
  Kind kind = Kind::constant;
  double a = 0;  ///< constant: the value; uniform: low; else the standard deviation
  double b = 0;  ///< uniform: high

  static Init constant(double value) { return {Kind::constant, value, 0}; }
  static Init zeros() { return constant(0); }
  static Init ones() { return constant(1); }
  static Init normal(double stddev) { return {Kind::normal, stddev, 0}; }
  /// PyTorch's trunc_normal_(std) with its default bounds -2 and 2 (absolute, not in standard deviations).
  static Init truncated_normal(double stddev) { return {Kind::truncated_normal, stddev, 0}; }
  static Init uniform(double low, double high) { return {Kind::uniform, low, high}; }
  /// PyTorch's default for Linear and Conv, weight and bias: uniform in +-1/sqrt(fan_in). Throws Error{value} below 1.
  static Init fan_in(std::int64_t fan_in);
};

/// A new tensor filled by `init`; random ones are a function of (key, element index).
Tensor make(const Init& init, const Shape& shape, RngKey key, TensorOptions options = {});

}  // namespace aio::nn
