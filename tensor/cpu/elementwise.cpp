// Arithmetic and selection, element by element.
//
// binary       y = a op b, op one of + - * /; a and b of y's shape or a trailing part of it, which then repeats
// axpby        y = alpha x + beta y (beta = 0 does not read y)
// affine       y = scale x + shift
// scale_rows   y[r, :] = s[r] x[r, :]
// where        y = condition ? a : b;  masked_fill  y = mask ? value : x   (these two for every dtype)
// Dtypes:      f32, f64, bf16; computed in f32 (f64 in f64); s in the accumulator dtype, masks u8.
// Deterministic: each element by itself.

#include <algorithm>
#include <bit>

#include "tensor/cpu/convert.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/elementwise_loop.h"
#include "tensor/cpu/words.h"

namespace aio {

namespace {

using cpu::for_lanes;
using cpu::kElementGrain;
using cpu::map_elements;
using cpu::VecOf;

/// An operand that repeats with a period. A short period (a bias of 192, a scalar) is written out several times, so
/// that the loops over it stay long: up to kPattern elements, 4 KiB in f32.
template <class T>
class Repeated {
 public:
  Repeated(const View& x, std::int64_t needed) : data_(x.as<T>()), period_(x.numel()) {
    if (period_ == needed || period_ > kPattern / 2) return;
    const std::int64_t copies = std::min(kPattern, needed) / period_;
    for (std::int64_t i = 0; i < copies; ++i) std::copy_n(data_, period_, pattern_ + i * period_);
    data_ = pattern_;
    period_ *= copies;
  }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;

  const T* data() const { return data_; }
  std::int64_t period() const { return period_; }

 private:
  static constexpr std::int64_t kPattern = 1024;
  const T* data_;
  std::int64_t period_;
  T pattern_[kPattern];
};

template <class T, class F>
void binary_repeated(const View& y, const View& a_view, const View& b_view, F&& f) {
  using V = VecOf<T>;
  const std::int64_t n = y.numel();
  const Repeated<T> a(a_view, n), b(b_view, n);
  parallel_for(n, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t in_a = begin % a.period(), in_b = begin % b.period();
    for (std::int64_t i = begin; i < end;) {
      const std::int64_t run = std::min({a.period() - in_a, b.period() - in_b, end - i});
      for_lanes<V::kWidth>(run, [&](std::int64_t j, int lanes) {
        f(V::load_n(a.data() + in_a + j, lanes), V::load_n(b.data() + in_b + j, lanes))
            .store_n(y.as<T>() + i + j, lanes);
      });
      i += run;
      in_a = in_a + run == a.period() ? 0 : in_a + run;
      in_b = in_b + run == b.period() ? 0 : in_b + run;
    }
  });
}

}  // namespace

void CpuBackend::binary(BinaryOp op, const View& y, const View& a, const View& b) {
  const std::int64_t n = y.numel();
  if (n == 0) return;
  dispatch_float(y.dtype, [&]<class T>() {
    using V = VecOf<T>;
    const auto apply = [&](auto&& f) {
      a.numel() == n&& b.numel() == n ? map_elements<T>(y, f, a, b) : binary_repeated<T>(y, a, b, f);
    };
    switch (op) {
      case BinaryOp::add: return apply([](V p, V q) { return p + q; });
      case BinaryOp::sub: return apply([](V p, V q) { return p - q; });
      case BinaryOp::mul: return apply([](V p, V q) { return p * q; });
      case BinaryOp::div: return apply([](V p, V q) { return p / q; });
    }
  });
}

void CpuBackend::axpby(const View& y, double alpha, const View& x, double beta) {
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    using V = VecOf<T>;
    const V va = V::all(static_cast<A>(alpha)), vb = V::all(static_cast<A>(beta));
    if (beta == 0) {
      map_elements<T>(
          y, [=](V u) { return va * u; }, x);
    } else {
      map_elements<T>(
          y, [=](V u, V old) { return fma(va, u, vb * old); }, x, y);
    }
  });
}

void CpuBackend::affine(const View& y, const View& x, double scale, double shift) {
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    using V = VecOf<T>;
    const V va = V::all(static_cast<A>(scale)), vb = V::all(static_cast<A>(shift));
    map_elements<T>(
        y, [=](V u) { return fma(va, u, vb); }, x);
  });
}

void CpuBackend::scale_rows(const View& y, const View& x, const View& s) {
  const std::int64_t rows = s.numel();
  if (rows == 0) return;
  const std::int64_t cols = y.numel() / rows;
  dispatch_float(y.dtype, [&]<class T>() {
    using V = VecOf<T>;
    const std::int64_t grain = std::max<std::int64_t>(1, kElementGrain / std::max<std::int64_t>(1, cols));
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const V factor = V::all(s.as<accumulator_t<T>>()[r]);
        const T* const in = x.as<T>() + r * cols;
        T* const out = y.as<T>() + r * cols;
        for_lanes<V::kWidth>(
            cols, [&](std::int64_t j, int lanes) { (factor * V::load_n(in + j, lanes)).store_n(out + j, lanes); });
      }
    });
  });
}

void CpuBackend::where(const View& y, const View& condition, const View& a, const View& b) {
  cpu::dispatch_word(y.dtype, [&]<class Word>() {
    parallel_for(y.numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      const std::uint8_t* const chosen = condition.as<std::uint8_t>();
      const Word *const if_true = a.as<Word>(), *const if_false = b.as<Word>();
      Word* const out = y.as<Word>();
      for (std::int64_t i = begin; i < end; ++i) {
        const Word t = if_true[i], f = if_false[i];  // both read: that makes it a blend instead of a branch
        out[i] = chosen[i] != 0 ? t : f;
      }
    });
  });
}

void CpuBackend::masked_fill(const View& y, const View& x, const View& mask, double value) {
  dispatch_all(y.dtype, [&]<class T>() {
    const T filler = cpu::convert<T>(value);
    cpu::dispatch_word(y.dtype, [&]<class Word>() {
      if constexpr (sizeof(Word) == sizeof(T)) {
        const Word filling = std::bit_cast<Word>(filler);
        parallel_for(y.numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
          const std::uint8_t* const masked = mask.as<std::uint8_t>();
          const Word* const in = x.as<Word>();
          Word* const out = y.as<Word>();
          for (std::int64_t i = begin; i < end; ++i) {
            const Word kept = in[i];
            out[i] = masked[i] != 0 ? filling : kept;
          }
        });
      }
    });
  });
}

}  // namespace aio
