#include "tensor/cpu/gemm_epilogue.h"

#include <algorithm>
#include <type_traits>

#include "tensor/cpu/simd.h"
#include "tensor/cpu/vec_math.h"

namespace aio::cpu {

template <class D>
void scale_rows(accumulator_t<D>* sums, std::int64_t sums_stride, accumulator_t<D> scale, Rows<D> c, std::int64_t row,
                std::int64_t rows, std::int64_t col, std::int64_t cols) {
  using V = VecOf<D>;
  for (std::int64_t i = 0; i < rows; ++i) {
    for_lanes<V::kWidth>(cols, [&](std::int64_t j, int n) {
      (V::all(scale) * V::load_n(c.at(row + i, col + j), n)).store_n(sums + i * sums_stride + j, n);
    });
  }
}

namespace {

/// sums(i, j) = f(sums(i, j), i, j, lanes) in vectors, i < rows and j < cols.
template <class T, class F>
[[gnu::always_inline]] inline void update(T* sums, std::int64_t stride, std::int64_t rows, std::int64_t cols, F&& f) {
  using V = Vec<T>;
  for (std::int64_t i = 0; i < rows; ++i, sums += stride) {
    for_lanes<V::kWidth>(
        cols, [&](std::int64_t j, int n)
                  __attribute__((always_inline)) { f(V::load_n(sums + j, n), i, j, n).store_n(sums + j, n); });
  }
}

}  // namespace

// One pass for each part, over numbers that stay in L1: a part's constants stay in registers, which those of all parts
// would not fit.
template <class D>
void apply_epilogue(const Epilogue<D>& epilogue, accumulator_t<D>* sums, std::int64_t sums_stride, Rows<D> c,
                    std::int64_t row, std::int64_t rows, std::int64_t col, std::int64_t cols) {
  using T = accumulator_t<D>;
  using V = Vec<T>;
  const auto pass = [&](auto&& f) __attribute__((always_inline)) { update(sums, sums_stride, rows, cols, f); };
  if (epilogue.bias) {
    pass([&](V t, std::int64_t, std::int64_t j, int n)
             __attribute__((always_inline)) { return t + V::load_n(epilogue.bias + col + j, n); });
  }
  if (epilogue.preactivation_out) {
    pass([&](V t, std::int64_t i, std::int64_t j, int n) __attribute__((always_inline)) {
      t.store_n(epilogue.preactivation_out.at(row + i, col + j), n);
      return t;
    });
  }
  if (epilogue.gelu) {
    pass([&](V t, std::int64_t, std::int64_t, int) __attribute__((always_inline)) { return gelu(t); });
  }
  if (epilogue.dropout) {
    alignas(64) T factors[kMaskLanes];
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t first = 0; first < cols; first += kMaskLanes) {
        const std::int64_t count = std::min<std::int64_t>(kMaskLanes, cols - first);
        epilogue.dropout.write(factors, (row + i) * epilogue.row_length + col + first, static_cast<int>(count));
        update(
            sums + i * sums_stride + first, 0, 1,
            count, [&](V t, std::int64_t, std::int64_t j, int n) __attribute__((always_inline)) {
              return drop(V::load_n(factors + j, n), t);
            });
      }
    }
  }
  if (epilogue.gelu_backward_of) {
    pass([&](V t, std::int64_t i, std::int64_t j, int n) __attribute__((always_inline)) {
      return t * gelu_grad(V::load_n(epilogue.gelu_backward_of.at(row + i, col + j), n));
    });
  }
  const auto residual = [&](std::int64_t i, std::int64_t j, int n) __attribute__((always_inline)) {
    return V::load_n(epilogue.residual.at(row + i, col + j), n);
  };
  if constexpr (std::is_same_v<D, T>) {
    if (sums == c.at(row, col)) {
      if (epilogue.residual) {
        pass([&](V t, std::int64_t i, std::int64_t j, int n)
                 __attribute__((always_inline)) { return t + residual(i, j, n); });
      }
      return;
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for_lanes<V::kWidth>(
        cols, [&](std::int64_t j, int n) __attribute__((always_inline)) {
          V t = V::load_n(sums + i * sums_stride + j, n);
          if (epilogue.residual) t = t + residual(i, j, n);
          t.store_n(c.at(row + i, col + j), n);
        });
  }
}

template void scale_rows(float*, std::int64_t, float, Rows<float>, std::int64_t, std::int64_t, std::int64_t,
                         std::int64_t);
template void apply_epilogue(const Epilogue<float>&, float*, std::int64_t, Rows<float>, std::int64_t, std::int64_t,
                             std::int64_t, std::int64_t);
template void scale_rows(double*, std::int64_t, double, Rows<double>, std::int64_t, std::int64_t, std::int64_t,
                         std::int64_t);
template void apply_epilogue(const Epilogue<double>&, double*, std::int64_t, Rows<double>, std::int64_t, std::int64_t,
                             std::int64_t, std::int64_t);
template void scale_rows(float*, std::int64_t, float, Rows<bf16>, std::int64_t, std::int64_t, std::int64_t,
                         std::int64_t);
template void apply_epilogue(const Epilogue<bf16>&, float*, std::int64_t, Rows<bf16>, std::int64_t, std::int64_t,
                             std::int64_t, std::int64_t);

}  // namespace aio::cpu
