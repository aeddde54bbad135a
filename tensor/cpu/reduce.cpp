// Sums over one dimension.
//
// Forward:  y[o, i] = sum_k x[o, k, i], x [outer, n, inner], y [outer, inner]. Its gradient repeats dy.
// Dtypes:   f32, f64, bf16; summed in f32 (f64 in f64), rounded once to y's type.
// Order:    n is cut into blocks whose size depends on the shape only; a block is summed by itself, the sums of blocks
//           are added pairwise. So the bits do not depend on the number of threads, and the error grows with
//           log(n / block) + block / 64 instead of n.

#include <algorithm>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/scratch.h"
#include "tensor/cpu/simd.h"
#include "tensor/parallel.h"

namespace aio {

namespace {

using cpu::VecOf;

constexpr std::int64_t kRunBlock = 4096;  // elements of a contiguous run (inner = 1): 64 per lane of sum_row
constexpr std::int64_t kRowBlock = 64;    // rows added one after the other (inner > 1)

/// partial[0] + ... + partial[count - 1], pairwise, `partial` being overwritten.
template <class A>
A sum_pairwise(A* partial, std::int64_t count) {
  for (std::int64_t step = 1; step < count; step *= 2)
    for (std::int64_t i = 0; i + step < count; i += 2 * step) partial[i] += partial[i + step];
  return partial[0];
}

/// y[r] = sum of row r of x [rows, n].
template <class T>
void sum_runs(T* y, const T* x, std::int64_t rows, std::int64_t n) {
  using A = accumulator_t<T>;
  const std::int64_t blocks = (n + kRunBlock - 1) / kRunBlock;
  if (blocks <= 1) {
    const std::int64_t grain = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, n));
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) y[r] = T(cpu::sum_row(x + r * n, n));
    });
    return;
  }
  const cpu::Scratch scratch(static_cast<std::size_t>(rows * blocks) * sizeof(A));
  A* const partial = scratch.as<A>();
  parallel_for(rows * blocks, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const std::int64_t first = b % blocks * kRunBlock;
      partial[b] = cpu::sum_row(x + b / blocks * n + first, std::min(kRunBlock, n - first));
    }
  });
  for (std::int64_t r = 0; r < rows; ++r) y[r] = T(sum_pairwise(partial + r * blocks, blocks));
}

/// sum[v], lane l = sum over k < rows of x[k * stride + v * W + l].
template <class T, int Vectors>
[[gnu::always_inline]] inline void sum_stripe(VecOf<T> (&sum)[Vectors], const T* x, std::int64_t rows,
                                              std::int64_t stride, int lanes) {
  using V = VecOf<T>;
  for (V& s : sum) s = V::zero();
  for (std::int64_t k = 0; k < rows; ++k)
    for (int v = 0; v < Vectors; ++v) sum[v] = sum[v] + V::load_n(x + k * stride + v * V::kWidth, lanes);
}

/// out[j] = sum over k < rows of x[k * stride + j], j < cols, in the order of k.
template <class T, class Out>
void sum_columns(Out* out, const T* x, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  using V = VecOf<T>;
  constexpr int W = V::kWidth;
  std::int64_t j = 0;
  for (; j + 4 * W <= cols; j += 4 * W) {  // four accumulators hide the latency of the addition
    V sum[4];
    sum_stripe<T>(sum, x + j, rows, stride, W);
    for (int v = 0; v < 4; ++v) sum[v].store(out + j + v * W);
  }
  for (; j < cols; j += W) {
    V sum[1];
    const int lanes = static_cast<int>(std::min<std::int64_t>(W, cols - j));
    sum_stripe<T>(sum, x + j, rows, stride, lanes);
    sum[0].store_n(out + j, lanes);
  }
}

/// y[o, i] = sum_k x[o, k, i] for inner > 1: columns of a matrix, in blocks of rows.
template <class T>
void sum_matrices(T* y, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner) {
  using A = accumulator_t<T>;
  const std::int64_t blocks = (n + kRowBlock - 1) / kRowBlock;
  if (blocks <= 1) {  // stripes of columns, so that [1, 3, large] splits, too
    constexpr std::int64_t kStripe = 2048;
    const std::int64_t stripes = (inner + kStripe - 1) / kStripe;
    const std::int64_t size = std::max<std::int64_t>(1, n) * std::min(inner, kStripe);
    parallel_for(outer * stripes, std::max<std::int64_t>(1, 32768 / size), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t s = begin; s < end; ++s) {
        const std::int64_t o = s / stripes, i = s % stripes * kStripe;
        sum_columns(y + o * inner + i, x + o * n * inner + i, n, std::min(kStripe, inner - i), inner);
      }
    });
    return;
  }
  const cpu::Scratch scratch(static_cast<std::size_t>(outer * blocks * inner) * sizeof(A));
  A* const partial = scratch.as<A>();
  const std::int64_t grain = std::max<std::int64_t>(1, 32768 / (kRowBlock * inner));
  parallel_for(outer * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const std::int64_t o = b / blocks, first = b % blocks * kRowBlock;
      sum_columns(partial + b * inner, x + (o * n + first) * inner, std::min(kRowBlock, n - first), inner, inner);
    }
  });
  const std::int64_t columns = std::max<std::int64_t>(16, 16384 / blocks);
  for (std::int64_t o = 0; o < outer; ++o) {
    A* const sums = partial + o * blocks * inner;
    parallel_for(inner, columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t step = 1; step < blocks; step *= 2)
        for (std::int64_t b = 0; b + step < blocks; b += 2 * step)
          for (std::int64_t i = begin; i < end; ++i) sums[b * inner + i] += sums[(b + step) * inner + i];
      for (std::int64_t i = begin; i < end; ++i) y[o * inner + i] = T(sums[i]);
    });
  }
}

}  // namespace

void CpuBackend::sum_dim(const View& y, const View& x) {
  const std::int64_t outer = x.dim[0], n = x.dim[1], inner = x.dim[2];
  if (outer * inner == 0) return;
  dispatch_float(y.dtype, [&]<class T>() {
    if (inner == 1) {
      sum_runs(y.as<T>(), x.as<T>(), outer, n);
    } else {
      sum_matrices(y.as<T>(), x.as<T>(), outer, n, inner);
    }
  });
}

}  // namespace aio
