// Binary cross-entropy with logits, element by element.
//
// Forward:  loss = max(x, 0) - x t + log(1 + exp(-|x|)) = -t log p - (1 - t) log(1 - p),  p = 1 / (1 + exp(-x))
// Backward: dx = dloss (p - t) = dloss ((1 - t) p - t (1 - p)), the second form without cancellation for t = 0 and 1
// Shapes:   all the same; any. Dtypes f32, bf16, all operands alike; computed in f32.
// Saved:    x and t.
// Deterministic: each element by itself.
// Source:   torch.nn.functional.binary_cross_entropy_with_logits(reduction="none").

#include "cuda/cuda_backend.h"
#include "cuda/map.h"

namespace aio {

namespace {
struct Forward {
  __device__ float operator()(float x, float t) const {
    const float positive = x < 0 ? 0 : x;  // a NaN stays
    return fmaf(-x, t, positive) + log1pf(expf(-fabsf(x)));
  }
};
struct Backward {
  __device__ float operator()(float dloss, float x, float t) const {
    const float e = expf(-fabsf(x));
    const float large = 1 / (1 + e), small = e * large;  // p and 1 - p, or the other way round for x < 0
    const float p = x < 0 ? small : large, q = x < 0 ? large : small;
    return dloss * fmaf(-t, q, (1 - t) * p);
  }
};
}  // namespace

void CudaBackend::binary_cross_entropy_forward(const View& loss, const View& x, const View& target) {
  cuda::dispatch_gpu_float(x.dtype, [&]<class T>() {
    cuda::map<T>("binary_cross_entropy_forward", stream(), loss.as<T>(), x.as<T>(), target.as<T>(), x.numel(),
                 Forward{});
  });
}

void CudaBackend::binary_cross_entropy_backward(const View& dx, const View& dloss, const View& x, const View& target) {
  cuda::dispatch_gpu_float(x.dtype, [&]<class T>() {
    cuda::map<T>("binary_cross_entropy_backward", stream(), dx.as<T>(), dloss.as<T>(), x.as<T>(), target.as<T>(),
                 x.numel(), Backward{});
  });
}

}  // namespace aio
