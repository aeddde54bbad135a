#include "tensor/cpu/gemm_epilogue.h"

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

template <class D>
void apply_epilogue(const Epilogue<D>& epilogue, const accumulator_t<D>* sums, std::int64_t sums_stride, Rows<D> c,
                    std::int64_t row, std::int64_t rows, std::int64_t col, std::int64_t cols) {
  using V = VecOf<D>;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto* sum = sums + i * sums_stride;
    for_lanes<V::kWidth>(cols, [&](std::int64_t j, int n) {
      V t = V::load_n(sum + j, n);
      if (epilogue.bias) t = t + V::load_n(epilogue.bias + col + j, n);
      if (epilogue.preactivation_out) {
        t.store_n(epilogue.preactivation_out.at(row + i, col + j), n);
        t = gelu(t);
      }
      if (epilogue.gelu_backward_of) t = t * gelu_grad(V::load_n(epilogue.gelu_backward_of.at(row + i, col + j), n));
      if (epilogue.residual) t = t + V::load_n(epilogue.residual.at(row + i, col + j), n);
      t.store_n(c.at(row + i, col + j), n);
    });
  }
}

template void scale_rows(float*, std::int64_t, float, Rows<float>, std::int64_t, std::int64_t, std::int64_t,
                         std::int64_t);
template void apply_epilogue(const Epilogue<float>&, const float*, std::int64_t, Rows<float>, std::int64_t,
                             std::int64_t, std::int64_t, std::int64_t);
template void scale_rows(double*, std::int64_t, double, Rows<double>, std::int64_t, std::int64_t, std::int64_t,
                         std::int64_t);
template void apply_epilogue(const Epilogue<double>&, const double*, std::int64_t, Rows<double>, std::int64_t,
                             std::int64_t, std::int64_t, std::int64_t);
template void scale_rows(float*, std::int64_t, float, Rows<bf16>, std::int64_t, std::int64_t, std::int64_t,
                         std::int64_t);
template void apply_epilogue(const Epilogue<bf16>&, const float*, std::int64_t, Rows<bf16>, std::int64_t, std::int64_t,
                             std::int64_t, std::int64_t);

}  // namespace aio::cpu
