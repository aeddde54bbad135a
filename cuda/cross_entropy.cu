// Cross-entropy of rows of logits with one target class each, one block a row.
//
// Forward:  lse = log sum_c exp(x[c]),  loss = lse - x[target];  an ignored row (target == ignore_index) has loss 0
// Backward: dx[c] = dloss (exp(x[c] - lse) - [c == target]), 0 in ignored rows
// Shapes:   logits, dlogits [R, C]; targets, loss, lse, dloss [R].
// Dtypes:   logits f32, bf16; loss, lse, dloss f32; targets i64.
// Saved:    logits, lse, targets. The lse of an ignored row is not needed and is set to 0: its logits are not read.
// Order:    a thread's terms ascend, then the block's threads are added in one order: it depends on C only.
// Source:   torch.nn.functional.cross_entropy(reduction="none"); one pass with a running maximum: Milakov and
// Gimelshein
//           2018 (online softmax).

#include "cuda/cuda_backend.h"
#include "cuda/rows.h"

namespace aio {

namespace {

using namespace cuda;

constexpr int kThreads = 256;  // a row of 30,522 classes is 15 vectors of bf16 a thread

/// Sum of exponentials relative to a maximum.
struct RunningSum {
  float max, sum;

  /// Adds another one. While both maxima are -inf the sums are 0, or NaN where a NaN was among the terms.
  __device__ void add(float other_max, float other_sum) {
    const float top = fmaxf(max, other_max);
    if (top == bits_to_float(0xFF800000U)) {
      sum += other_sum;
      return;
    }
    sum = sum * expf(max - top) + other_sum * expf(other_max - top);
    max = top;
  }
};

/// For all threads of the block, in one order.
__device__ inline RunningSum block_total(RunningSum mine) {
  AIO_SHARED(float, maxima, kThreads / kWarp);
  AIO_SHARED(float, sums, kThreads / kWarp);
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const float max = __shfl_xor_sync(kAllLanes, mine.max, step), sum = __shfl_xor_sync(kAllLanes, mine.sum, step);
    mine.add(max, sum);
  }
  if (lane_id() == 0) {
    maxima[thread_id() / kWarp] = mine.max;
    sums[thread_id() / kWarp] = mine.sum;
  }
  __syncthreads();
  RunningSum total{maxima[0], sums[0]};
  for (int w = 1; w < kThreads / kWarp; ++w) total.add(maxima[w], sums[w]);
  return total;
}

template <int N, class T>
__global__ void __launch_bounds__(kThreads)
    cross_entropy_forward_kernel(float* loss, float* lse, const T* logits, const std::int64_t* targets, std::int64_t C,
                                 std::int64_t ignore_index) {
  const std::int64_t r = block_id(), target = targets[r];
  if (target == ignore_index) {
    if (thread_id() == 0) loss[r] = lse[r] = 0;
    return;
  }
  const T* const row = logits + r * C;
  RunningSum mine{bits_to_float(0xFF800000U), 0};
  for (std::int64_t c = thread_id() * N; c < C; c += kThreads * N) {
    float v[N];
    load_vector(v, row + c);
    float top = v[0];
#pragma unroll
    for (int j = 1; j < N; ++j) top = fmaxf(top, v[j]);
    // While all logits are -inf, subtracting 0 keeps their exponentials 0 (and a NaN among them NaN).
    const float shift = top == bits_to_float(0xFF800000U) ? 0 : top;
    float sum = 0;
#pragma unroll
    for (int j = 0; j < N; ++j) sum += expf(v[j] - shift);
    mine.add(top, sum);
  }
  const RunningSum total = block_total(mine);
  if (thread_id() != 0) return;
  const float log_sum = logf(total.sum);
  loss[r] = (total.max - to_float(row[target])) + log_sum;
  lse[r] = total.max + log_sum;
}

template <int N, class T>
__global__ void __launch_bounds__(kThreads)
    cross_entropy_backward_kernel(T* dlogits, const float* dloss, const T* logits, const float* lse,
                                  const std::int64_t* targets, std::int64_t C, std::int64_t ignore_index) {
  const std::int64_t r = block_id(), target = targets[r];
  const bool ignored = target == ignore_index;
  const float scale = ignored ? 0 : dloss[r], shift = lse[r];
  for (std::int64_t c = thread_id() * N; c < C; c += kThreads * N) {
    float v[N] = {};
    if (!ignored) load_vector(v, logits + r * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      const float p = expf(v[j] - shift);
      v[j] = ignored ? 0 : scale * (c + j == target ? p - 1 : p);
    }
    store_vector(dlogits + r * C + c, v);
  }
}

/// One block for each of R rows.
Grid block_grid(std::int64_t R) { return {static_cast<unsigned>(R), kThreads}; }

}  // namespace

void CudaBackend::cross_entropy_forward(const View& loss, const View& lse, const View& logits, const View& targets,
                                        std::int64_t ignore_index) {
  const std::int64_t R = logits.rows(), C = logits.cols();
  dispatch_gpu_float(logits.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch("cross_entropy_forward", stream(), block_grid(R), cross_entropy_forward_kernel<N, T>, loss.as<float>(),
             lse.as<float>(), logits.as<T>(), targets.as<std::int64_t>(), C, ignore_index);
    };
    dispatch_columns<T>(C, run, logits.as<T>());
  });
}

void CudaBackend::cross_entropy_backward(const View& dlogits, const View& dloss, const View& logits, const View& lse,
                                         const View& targets, std::int64_t ignore_index) {
  const std::int64_t R = logits.rows(), C = logits.cols();
  dispatch_gpu_float(logits.dtype, [&]<class T>() {
    const auto run = [&]<int N>() {
      launch("cross_entropy_backward", stream(), block_grid(R), cross_entropy_backward_kernel<N, T>, dlogits.as<T>(),
             dloss.as<float>(), logits.as<T>(), lse.as<float>(), targets.as<std::int64_t>(), C, ignore_index);
    };
    dispatch_columns<T>(C, run, dlogits.as<T>(), logits.as<T>());
  });
}

}  // namespace aio
