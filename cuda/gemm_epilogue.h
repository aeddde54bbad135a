#pragma once
// What happens to a product before it is stored (gemm.cu has the formula): a functor for the kernels that make products
// (gemm_tensor_core.h, gemm_hopper.cu) and for the pass after a library's.

#include "cuda/dropout_mask.h"
#include "cuda/gelu.h"
#include "cuda/map.h"
#include "tensor/backend.h"

namespace aio::cuda {

/// A matrix of C's shape with unit column stride, or nothing.
template <class D>
struct Rows {
  D* data = nullptr;
  std::int64_t stride = 0;
  __device__ D* at(std::int64_t i, std::int64_t j) const { return data + i * stride + j; }
};

template <class D>
Rows<D> rows_of(const View* view) {
  if (view == nullptr) return {};
  return {view->as<D>(), view->rank < 2 ? 0 : view->stride[view->rank - 2]};
}

/// What is left to do for elements of D after the library has written a product of P.
template <class D, class P>
struct Epilogue {
  Rows<D> c;
  Rows<P> product;  // null: zero
  float alpha = 1;  // of sums that are not in `product`
  float beta = 0;
  bool gelu_forward = false;
  const float* wide_bias = nullptr;
  const bf16* narrow_bias = nullptr;
  Rows<D> preactivation_out, gelu_backward_of, residual;
  bool has_dropout = false;
  DropoutFactors dropout;
  std::int64_t cols = 0;

  template <int N, class T>
  __device__ static void add(float (&t)[N], float scale, const T* from) {
    float u[N];
    load_vector(u, from);
#pragma unroll
    for (int k = 0; k < N; ++k) t[k] = fmaf(scale, u[k], t[k]);
  }
  template <int N>
  __device__ void apply(std::int64_t i, std::int64_t j) const {
    float t[N] = {};
    if (product.data != nullptr) load_vector(t, product.at(i, j));
    finish(t, i, j);
  }
  /// Of a kernel that makes the product: `t` are its sums.
  template <int N>
  __device__ void operator()(float (&t)[N], std::int64_t i, std::int64_t j) const {
#pragma unroll
    for (int k = 0; k < N; ++k) t[k] *= alpha;
    finish(t, i, j);
  }
  template <int N>
  __device__ void finish(float (&t)[N], std::int64_t i, std::int64_t j) const {
    if (beta != 0) add(t, beta, c.at(i, j));
    if (wide_bias != nullptr) add(t, 1, wide_bias + j);
    if (narrow_bias != nullptr) add(t, 1, narrow_bias + j);
    if (preactivation_out.data != nullptr) store_vector(preactivation_out.at(i, j), t);
    if (gelu_forward) {
#pragma unroll
      for (int k = 0; k < N; ++k) t[k] = gelu_as<D>(t[k]);
    }
    if (has_dropout) {
      float factor[N];
      dropout.get(factor, i * cols + j);
#pragma unroll
      for (int k = 0; k < N; ++k) t[k] = drop(factor[k], t[k]);
    }
    if (gelu_backward_of.data != nullptr) {
      float x[N];
      load_vector(x, gelu_backward_of.at(i, j));
#pragma unroll
      for (int k = 0; k < N; ++k) t[k] *= gelu_slope_as<D>(x[k]);
    }
    if (residual.data != nullptr) add(t, 1, residual.at(i, j));
    store_vector(c.at(i, j), t);
  }
  /// True if N columns can be had in one access everywhere.
  bool takes(int N) const {
    const auto regular = [N](const auto& rows) {
      return rows.stride % N == 0 && reinterpret_cast<std::uintptr_t>(rows.data) % 16 == 0;
    };
    return regular(c) && regular(product) && regular(preactivation_out) && regular(gelu_backward_of) &&
           regular(residual) && aligned16(wide_bias, narrow_bias);
  }
};

}  // namespace aio::cuda
