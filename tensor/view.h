#pragma once
// View: all that a kernel ever sees of a tensor. Plain data, so `.cu` files need no STL and kernels cannot allocate.

#include <cstdint>

#include "tensor/dtype.h"

namespace aio {

struct View {
  void* data = nullptr;
  DType dtype = DType::f32;
  int rank = 0;
  std::int64_t dim[6] = {};
  std::int64_t stride[6] = {};  // in elements

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= dim[i];
    return n;
  }
  /// Size of the last dimension (1 for a scalar); with rows(), a contiguous view as a matrix.
  std::int64_t cols() const { return rank == 0 ? 1 : dim[rank - 1]; }
  std::int64_t rows() const {
    std::int64_t n = 1;
    for (int i = 0; i + 1 < rank; ++i) n *= dim[i];
    return n;
  }
};

}  // namespace aio
