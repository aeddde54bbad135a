// Layer normalisation of rows.
//
// Forward:  mean = sum_c x / C,  var = sum_c (x - mean)^2 / C,  rstd = 1 / sqrt(var + eps)
//           h = (x - mean) rstd,  y = h gamma + beta
// Backward: w = dy gamma,  dx = rstd (w - sum_c(w) / C - h sum_c(w h) / C)
//           dgamma = sum_r dy h,  dbeta = sum_r dy;  dx may have a residual's gradient added
// Shapes:   x, y, dx, dy [R, C]; mean, rstd [R]; gamma, beta, dgamma, dbeta [C].
// Dtypes:   f32, f64, bf16; everything but x, y, dx, dy has the accumulator dtype.
// Saved:    x, mean, rstd: h is recomputed, 2 numbers a row instead of C.
// Order:    dgamma and dbeta sum over blocks of rows that depend on R only; the blocks are added first to last.
// Source:   Ba et al. 2016, equations 3 and 4; the variance is taken around the mean (two passes over a row in L1):
//           E[x^2] - mean^2 loses all digits at |mean| = 4000 std.

#include <algorithm>
#include <cmath>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/cpu/scratch.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::sum_terms;
using cpu::Vec;

template <class T>
void forward_row(T* y, accumulator_t<T>& mean, accumulator_t<T>& rstd, const T* x, const accumulator_t<T>* gamma,
                 const accumulator_t<T>* beta, std::int64_t C, double eps) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  mean = cpu::sum_row(x, C) / static_cast<A>(C);
  const V m = V::all(mean);
  const A squares = sum_terms<A>(C, [&](std::int64_t c, int lanes) {
    const V d = V::load_n(x + c, lanes) - m;
    return d * d;
  });
  rstd = 1 / std::sqrt(squares / static_cast<A>(C) + static_cast<A>(eps));
  const V r = V::all(rstd);
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    const V h = (V::load_n(x + c, lanes) - m) * r;
    cpu::prefetch_ahead(x + c);
    fma(h, V::load_n(gamma + c, lanes), V::load_n(beta + c, lanes)).store_n(y + c, lanes);
  });
}

/// Writes dx, plus `residual` unless null, and adds the row's share to dgamma and dbeta.
template <class T>
void backward_row(T* dx, accumulator_t<T>* dgamma, accumulator_t<T>* dbeta, const T* dy, const T* x,
                  accumulator_t<T> mean, accumulator_t<T> rstd, const accumulator_t<T>* gamma, const T* residual,
                  std::int64_t C) {
  using A = accumulator_t<T>;
  using V = Vec<A>;
  const V m = V::all(mean), r = V::all(rstd);
  V sum_w = V::zero(), sum_wh = V::zero();
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    const V h = (V::load_n(x + c, lanes) - m) * r, g = V::load_n(dy + c, lanes);
    const V w = g * V::load_n(gamma + c, lanes);  // zero behind the row's end, like g
    sum_w = sum_w + w;
    sum_wh = fma(w, h, sum_wh);
    fma(g, h, V::load_n(dgamma + c, lanes)).store_n(dgamma + c, lanes);
    (g + V::load_n(dbeta + c, lanes)).store_n(dbeta + c, lanes);
  });
  const V mean_w = V::all(sum_w.sum() / static_cast<A>(C)), mean_wh = V::all(sum_wh.sum() / static_cast<A>(C));
  for_lanes<V::kWidth>(C, [&](std::int64_t c, int lanes) {
    const V h = (V::load_n(x + c, lanes) - m) * r;
    const V w = V::load_n(dy + c, lanes) * V::load_n(gamma + c, lanes);
    cpu::prefetch_ahead(x + c);
    cpu::prefetch_ahead(dy + c);
    V d = r * fnma(h, mean_wh, w - mean_w);
    if (residual != nullptr) {
      cpu::prefetch_ahead(residual + c);
      d = d + V::load_n(residual + c, lanes);
    }
    d.store_n(dx + c, lanes);
  });
}

/// Rows per partial sum: at most 64 partial sums (enough for the threads, 2 % of the memory), of at least 16 rows.
std::int64_t rows_per_block(std::int64_t R) { return std::max<std::int64_t>(16, (R + 63) / 64); }

}  // namespace

void CpuBackend::layer_norm_forward(const View& y, const View& mean, const View& rstd, const View& x, const View& gamma,
                                    const View& beta, double eps) {
  dispatch_float(x.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    const std::int64_t C = x.cols();
    parallel_for(x.rows(), cpu::row_grain(C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        forward_row(y.as<T>() + i * C, mean.as<A>()[i], rstd.as<A>()[i], x.as<const T>() + i * C, gamma.as<const A>(),
                    beta.as<const A>(), C, eps);
      }
    });
  });
}

void CpuBackend::layer_norm_backward(const View& dx, const View& dgamma, const View& dbeta, const View& dy,
                                     const View& x, const View& mean, const View& rstd, const View& gamma,
                                     const View* residual, const DroppedCopy* dropped) {
  dispatch_float(x.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    using V = Vec<A>;
    const std::int64_t R = x.rows(), C = x.cols();
    const std::int64_t block_rows = rows_per_block(R), blocks = (R + block_rows - 1) / block_rows;
    const cpu::Scratch scratch(static_cast<std::size_t>(blocks * 2 * C) * sizeof(A));
    A* const partial = scratch.as<A>();  // [blocks, {dgamma, dbeta}, C]
    parallel_for(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        A* sums = partial + block * 2 * C;
        std::fill_n(sums, 2 * C, A{0});
        for (std::int64_t i = block * block_rows; i < std::min(R, (block + 1) * block_rows); ++i) {
          backward_row(dx.as<T>() + i * C, sums, sums + C, dy.as<const T>() + i * C, x.as<const T>() + i * C,
                       mean.as<const A>()[i], rstd.as<const A>()[i], gamma.as<const A>(),
                       residual == nullptr ? nullptr : residual->as<const T>() + i * C, C);
        }
      }
    });
    parallel_for(C, 64, [&](std::int64_t begin, std::int64_t end) {
      for_lanes<V::kWidth>(end - begin, [&](std::int64_t i, int lanes) {
        V g = V::zero(), b = V::zero();
        for (std::int64_t block = 0; block < blocks; ++block) {
          const A* sums = partial + block * 2 * C + begin + i;
          g = g + V::load_n(sums, lanes);
          b = b + V::load_n(sums + C, lanes);
        }
        g.store_n(dgamma.as<A>() + begin + i, lanes);
        b.store_n(dbeta.as<A>() + begin + i, lanes);
      });
    });
  });
  if (dropped != nullptr) dropout(dropped->y, dx, dropped->mask.p, dropped->mask.key);
}

}  // namespace aio
