// Elements from one dtype to another; what each pair means is in convert.h.
//
// Forward:  y[i] = T(x[i]), 25 pairs. Its gradient is the cast back.
// Shapes:   any, both alike, contiguous. Deterministic: each element by itself.

#include "tensor/cpu/convert.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/elementwise_loop.h"

namespace aio {

void CpuBackend::cast(const View& y, const View& x) {
  dispatch_all(y.dtype, [&]<class To>() {
    dispatch_all(x.dtype, [&]<class From>() {
      parallel_for(y.numel(), cpu::kElementGrain, [&](std::int64_t begin, std::int64_t end) {
        To* const out = y.as<To>();
        const From* const in = x.as<From>();
        if constexpr (sizeof(To) + sizeof(From) == 6) {  // f32 and bf16: the pair that mixed precision lives on
          cpu::for_lanes<cpu::Vec<float>::kWidth>(end - begin, [&](std::int64_t i, int lanes) {
            cpu::Vec<float>::load_n(in + begin + i, lanes).store_n(out + begin + i, lanes);
          });
        } else {
          for (std::int64_t i = begin; i < end; ++i) out[i] = cpu::convert<To>(in[i]);
        }
      });
    });
  });
}

}  // namespace aio
