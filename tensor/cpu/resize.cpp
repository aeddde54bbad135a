// Bilinear resizing of planes, without antialiasing.
//
// Forward:  y[i] = (1 - a) x[k] + a x[min(k + 1, in - 1)] along rows, then along columns; k, a: tensor/resize_axis.h
// Backward: the transpose of that matrix, along columns, then along rows
// Shapes:   x, dx [P, h, w] (P planes); y, dy [P, H, W].
// Dtypes:   f32, f64, bf16; places, weights and sums in the accumulator dtype.
// Saved:    nothing: the map is linear.
// Order:    a row of dx is one thread's; its sums run over rows of dy, then over columns, both ascending.
// Source:   torch.nn.functional.interpolate(mode="bilinear", antialias=False), with its f32 arithmetic of places.

#include <algorithm>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/parallel.h"
#include "tensor/resize_axis.h"

namespace aio {
namespace {

using cpu::for_lanes;
using cpu::Vec;

template <class A>
using Tap = ResizeTap<A>;

template <class A>
std::vector<Tap<A>> make_taps(std::int64_t in, std::int64_t out, bool align_corners) {
  const ResizeAxis<A> axis{in, out, align_corners};
  std::vector<Tap<A>> taps(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i) taps[static_cast<std::size_t>(i)] = axis.tap(i);
  return taps;
}

/// to[c] = a from0[c] + b from1[c].
template <class A, class T>
void blend(A* to, A a, const T* from0, A b, const T* from1, std::int64_t n) {
  using V = Vec<A>;
  for_lanes<V::kWidth>(n, [&](std::int64_t c, int lanes) {
    fma(V::all(a), V::load_n(from0 + c, lanes), V::all(b) * V::load_n(from1 + c, lanes)).store_n(to + c, lanes);
  });
}

/// to[c] += a from[c].
template <class A, class T>
void add_scaled(A* to, A a, const T* from, std::int64_t n) {
  using V = Vec<A>;
  for_lanes<V::kWidth>(n, [&](std::int64_t c, int lanes) {
    fma(V::all(a), V::load_n(from + c, lanes), V::load_n(to + c, lanes)).store_n(to + c, lanes);
  });
}

}  // namespace

void CpuBackend::resize_bilinear_forward(const View& y, const View& x, bool align_corners) {
  dispatch_float(x.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    const std::int64_t h = x.dim[1], w = x.dim[2], H = y.dim[1], W = y.dim[2];
    const auto row_taps = make_taps<A>(h, H, align_corners), column_taps = make_taps<A>(w, W, align_corners);
    parallel_for(y.dim[0] * H, cpu::row_grain(w + W), [&](std::int64_t begin, std::int64_t end) {
      std::vector<A> row(static_cast<std::size_t>(w));
      for (std::int64_t i = begin; i < end; ++i) {
        const Tap<A>& tap = row_taps[static_cast<std::size_t>(i % H)];
        const T* plane = x.as<const T>() + i / H * h * w;
        blend(row.data(), tap.weight_low, plane + tap.low * w, tap.weight_high, plane + tap.high * w, w);
        T* out = y.as<T>() + i * W;
        for (const Tap<A>& t : column_taps)
          *out++ = T(t.weight_low * row[static_cast<std::size_t>(t.low)] +
                     t.weight_high * row[static_cast<std::size_t>(t.high)]);
      }
    });
  });
}

void CpuBackend::resize_bilinear_backward(const View& dx, const View& dy, bool align_corners) {
  dispatch_float(dx.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    const std::int64_t h = dx.dim[1], w = dx.dim[2], H = dy.dim[1], W = dy.dim[2];
    const auto row_taps = make_taps<A>(h, H, align_corners), column_taps = make_taps<A>(w, W, align_corners);
    // Output rows that read input row k have low = k - 1 or k: they are first_row[max(k - 1, 0)] .. first_row[k + 1].
    std::vector<std::int64_t> first_row(static_cast<std::size_t>(h + 1), H);
    for (std::int64_t i = H - 1, k = h - 1; k >= 0; --k) {
      while (i >= 0 && row_taps[static_cast<std::size_t>(i)].low >= k) --i;
      first_row[static_cast<std::size_t>(k)] = i + 1;
    }
    parallel_for(dx.dim[0] * h, cpu::row_grain(w + W), [&](std::int64_t begin, std::int64_t end) {
      std::vector<A> row(static_cast<std::size_t>(W)), sums(static_cast<std::size_t>(w));
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t k = i % h;
        std::fill(row.begin(), row.end(), A{0});
        for (std::int64_t j = first_row[static_cast<std::size_t>(std::max<std::int64_t>(k - 1, 0))];
             j < first_row[static_cast<std::size_t>(k + 1)]; ++j) {
          const Tap<A>& tap = row_taps[static_cast<std::size_t>(j)];
          add_scaled(row.data(), tap.weight(k), dy.as<const T>() + (i / h * H + j) * W, W);
        }
        std::fill(sums.begin(), sums.end(), A{0});
        const A* from = row.data();
        for (const Tap<A>& t : column_taps) {
          sums[static_cast<std::size_t>(t.low)] += t.weight_low * *from;
          sums[static_cast<std::size_t>(t.high)] += t.weight_high * *from++;
        }
        std::transform(sums.begin(), sums.end(), dx.as<T>() + i * w, [](A sum) { return T(sum); });
      }
    });
  });
}

}  // namespace aio
