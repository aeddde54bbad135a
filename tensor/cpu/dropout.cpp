// Dropout whose mask is a function of (key, element index), so nothing is saved and any device gets the same mask.
//
// Forward:  y[i] = keep(i) ? x[i] / (1 - p) : 0,  keep(i) = (bits(i) >> 8) >= ceil(p 2^24)
// Backward: the same kernel on dy, with the same key.
// Random:   bits(i) = lane i % 4 of Philox4x32-10 at counter (i / 4, call, step), key = seed; tensor/random.h.
// Shapes:   any, both alike. Dtypes f32, f64, bf16; the factor 1 / (1 - p) in f32 (f64 in f64). In place allowed.
// Deterministic: each element by itself; 24 bits are compared as floats, which hold them exactly.

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/elementwise_loop.h"

namespace aio {

namespace {

/// Elements begin .. end - 1.
template <class T>
void dropout_piece(T* y, const T* x, std::int64_t begin, std::int64_t end,
                   const cpu::DropoutFactors<accumulator_t<T>>& mask) {
  using V = cpu::VecOf<T>;
  alignas(64) accumulator_t<T> factors[cpu::kMaskLanes];
  cpu::for_lanes<cpu::kMaskLanes>(
      end - begin, [&](std::int64_t i, int count) __attribute__((always_inline)) {
        const std::int64_t first = begin + i;
        mask.write(factors, first, count);
        cpu::for_lanes<V::kWidth>(
            count, [&](std::int64_t j, int lanes) __attribute__((always_inline)) {
              drop(V::load_n(factors + j, lanes), V::load_n(x + first + j, lanes)).store_n(y + first + j, lanes);
            });
      });
}

}  // namespace

void CpuBackend::dropout(const View& y, const View& x, double p, const RngKey& key) {
  dispatch_float(y.dtype, [&]<class T>() {
    const cpu::DropoutFactors<accumulator_t<T>> mask({p, key});
    parallel_for(y.numel(), cpu::kElementGrain,
                 [&](std::int64_t begin, std::int64_t end) { dropout_piece(y.as<T>(), x.as<T>(), begin, end, mask); });
  });
}

}  // namespace aio
