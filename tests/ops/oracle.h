#pragma once
// What ops are compared with: plain doubles, indexed dimension by dimension, as a textbook would.

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "tensor/raw.h"
#include "tensor/tensor.h"

namespace aio::test {

/// A dense array of doubles.
struct Array {
  Shape shape;
  std::vector<double> data;

  Array() = default;
  /// The values of a tensor of any floating dtype and any strides.
  explicit Array(const Tensor& x) : shape(x.shape()), data(raw::cast(x, DType::f64).to_vector<double>()) {}
  /// f at every index of `dims`.
  Array(const Shape& dims, const std::function<double(const Shape& index)>& f) : shape(dims) {
    Shape index = Shape::filled(dims.rank(), 0);
    for (std::int64_t n = 0; n < dims.numel(); ++n) {
      data.push_back(f(index));
      for (int i = dims.rank() - 1; i >= 0 && ++index[i] == dims[i]; --i) index[i] = 0;
    }
  }

  /// The element at `index`, which may belong to a larger shape that this array broadcasts to.
  double at(const Shape& index) const {
    std::int64_t offset = 0;
    const int extra = index.rank() - shape.rank();
    for (int i = 0; i < shape.rank(); ++i) offset = offset * shape[i] + (shape[i] == 1 ? 0 : index[i + extra]);
    return data[static_cast<std::size_t>(offset)];
  }
};

/// index with position `dim` replaced by, enlarged by, without.
inline Shape with(Shape index, int dim, std::int64_t value) {
  index[dim] = value;
  return index;
}
inline Shape inserted(Shape index, int dim, std::int64_t value) {
  index.insert(dim, value);
  return index;
}
inline Shape without(Shape index, int dim) {
  index.erase(dim);
  return index;
}

/// Empty if `got` has the shape and values of `expected`, else where it differs. Two NaN are equal.
inline std::string difference(const Tensor& got, const Array& expected, double tolerance) {
  const Array actual(got);
  if (actual.shape != expected.shape) return message("shape ", actual.shape, ", expected ", expected.shape);
  for (std::size_t i = 0; i < actual.data.size(); ++i) {
    const double a = actual.data[i], e = expected.data[i];
    if (std::isnan(a) && std::isnan(e)) continue;
    if (a == e || std::abs(a - e) <= tolerance * std::max(1.0, std::abs(e))) continue;
    return message("element ", i, " of ", actual.shape, " is ", a, ", expected ", e);
  }
  return "";
}

/// A leaf with these values.
inline Tensor leaf(const std::vector<double>& values, const Shape& shape, DType dtype = DType::f64) {
  const Tensor x = raw::cast(Tensor::from(values, shape), dtype);
  set_requires_grad(x);
  return x;
}

inline Tensor ids(const std::vector<std::int64_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

inline void check_equal(const Tensor& got, const Array& expected, double tolerance = 0) {
  CHECK(difference(got, expected, tolerance) == "");
}

}  // namespace aio::test
