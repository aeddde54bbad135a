// Cross-entropy of rows of logits with one target class each.
//
// Forward:  lse = log sum_c exp(x[c]),  loss = lse - x[target];  an ignored row (target == ignore_index) has loss 0
// Backward: dx[c] = dloss (exp(x[c] - lse) - [c == target]), 0 in ignored rows
// Shapes:   logits, dlogits [R, C]; targets, loss, lse, dloss [R].
// Dtypes:   logits f32, f64, bf16; loss, lse, dloss accumulator dtype; targets i64.
// Saved:    logits, lse, targets. The lse of an ignored row is not needed and is set to 0: its logits are not read.
// Order:    a row is one thread's; its sum depends on C only.
// Source:   torch.nn.functional.cross_entropy(reduction="none"); the running maximum is that of Milakov and
//           Gimelshein 2018 (online softmax), by chunks.

#include <cmath>
#include <limits>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/cpu/vec_math.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::sum_terms;
using cpu::Vec;

/// lse = max + log_sum; kept apart so that loss = (max - x[target]) + log_sum keeps its digits at large logits.
template <class A>
struct LogSumExp {
  A max, log_sum;
};

/// One pass over a row of any length: a chunk's maximum and exponentials are taken while it is in L1 (a row of 30,522
/// f32 is not), and the sum so far is rescaled when a chunk raises the maximum.
template <class T>
LogSumExp<accumulator_t<T>> log_sum_exp(const T* x, std::int64_t C) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  constexpr std::int64_t kChunk = 2048;  // 8 KiB of f32
  A max = -std::numeric_limits<A>::infinity(), sum = 0;
  for (std::int64_t begin = 0; begin < C; begin += kChunk) {
    const std::int64_t n = std::min(kChunk, C - begin);
    const A chunk_max = cpu::max_row(x + begin, n);
    if (chunk_max > max) {
      sum *= std::exp(max - chunk_max);  // 0 the first time: max = -inf
      max = chunk_max;
    }
    // While all logits are -inf, subtracting 0 keeps their exponentials 0 (and a NaN among them NaN).
    const V m = V::all(max == -std::numeric_limits<A>::infinity() ? A{0} : max);
    sum += sum_terms<A>(n, [&](std::int64_t c, int lanes) { return exp(V::load_n(x + begin + c, lanes) - m); });
  }
  return {max, std::log(sum)};
}

template <class T>
void backward_row(T* dx, accumulator_t<T> dloss, const T* x, accumulator_t<T> lse, std::int64_t target,
                  std::int64_t C) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  // Taken before the loop, which may overwrite x.
  const T at_target{static_cast<A>(dloss * (std::exp(static_cast<A>(x[target]) - lse) - 1))};
  const V scale = V::all(dloss), shift = V::all(lse);
  for_lanes<V::kWidth>(
      C, [&](std::int64_t c, int lanes) { (scale * exp(V::load_n(x + c, lanes) - shift)).store_n(dx + c, lanes); });
  dx[target] = at_target;
}

}  // namespace

void CpuBackend::cross_entropy_forward(const View& loss, const View& lse, const View& logits, const View& targets,
                                       std::int64_t ignore_index) {
  dispatch_float(logits.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    const std::int64_t C = logits.cols();
    parallel_for(logits.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t target = targets.as<const std::int64_t>()[i];
        const T* x = logits.as<const T>() + i * C;
        if (target == ignore_index) {
          loss.as<A>()[i] = lse.as<A>()[i] = 0;
        } else {
          const auto [max, log_sum] = log_sum_exp(x, C);
          loss.as<A>()[i] = (max - static_cast<A>(x[target])) + log_sum;
          lse.as<A>()[i] = max + log_sum;
        }
      }
    });
  });
}

void CpuBackend::cross_entropy_backward(const View& dlogits, const View& dloss, const View& logits, const View& lse,
                                        const View& targets, std::int64_t ignore_index) {
  dispatch_float(logits.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    const std::int64_t C = logits.cols();
    parallel_for(logits.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t target = targets.as<const std::int64_t>()[i];
        T* dx = dlogits.as<T>() + i * C;
        if (target == ignore_index) {
          std::fill_n(dx, C, T{});
        } else {
          backward_row(dx, dloss.as<const A>()[i], logits.as<const T>() + i * C, lse.as<const A>()[i], target, C);
        }
      }
    });
  });
}

}  // namespace aio
