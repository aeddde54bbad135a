// Plain loops for copy, cast, elementwise, unary, gelu, dropout, reduce and sort, replaced file by file (helper ewise:
// delete this file and the interim vec_math.h content when yours land).

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "tensor/cpu/cpu_backend.h"

namespace aio {
namespace {
template <class T>
auto up(T x) {
  if constexpr (std::is_same_v<T, bf16>)
    return static_cast<float>(x);
  else
    return x;
}
template <class F>
void each(const View& y, F f) {
  const std::int64_t n = y.numel();
  for (std::int64_t i = 0; i < n; ++i) f(i);
}
template <class F>
void walk(const View& y, const View& x, F f) {
  std::int64_t idx[6] = {};
  const std::int64_t n = y.numel();
  for (std::int64_t k = 0; k < n; ++k) {
    std::int64_t oy = 0, ox = 0;
    for (int d = 0; d < y.rank; ++d) {
      oy += idx[d] * y.stride[d];
      ox += idx[d] * x.stride[d];
    }
    f(oy, ox);
    for (int d = y.rank - 1; d >= 0; --d) {
      if (++idx[d] < y.dim[d]) break;
      idx[d] = 0;
    }
  }
}
}  // namespace

void CpuBackend::fill(const View& y, double value) {
  dispatch_all(y.dtype, [&]<class T>() {
    T v;
    if constexpr (std::is_same_v<T, bf16>)
      v = bf16(static_cast<float>(value));
    else
      v = static_cast<T>(value);
    std::fill_n(y.as<T>(), y.numel(), v);
  });
}
void CpuBackend::copy_strided(const View& y, const View& x) {
  dispatch_all(y.dtype,
               [&]<class T>() { walk(y, x, [&](std::int64_t a, std::int64_t b) { y.as<T>()[a] = x.as<T>()[b]; }); });
}
void CpuBackend::cast(const View& y, const View& x) {
  dispatch_all(y.dtype, [&]<class T>() {
    dispatch_all(x.dtype, [&]<class S>() {
      each(y, [&](std::int64_t i) {
        const auto v = up(x.as<S>()[i]);
        if constexpr (std::is_same_v<T, bf16>)
          y.as<T>()[i] = bf16(static_cast<float>(v));
        else
          y.as<T>()[i] = static_cast<T>(v);
      });
    });
  });
}
void CpuBackend::binary(BinaryOp op, const View& y, const View& a, const View& b) {
  const std::int64_t na = std::max<std::int64_t>(a.numel(), 1), nb = std::max<std::int64_t>(b.numel(), 1);
  dispatch_float(y.dtype, [&]<class T>() {
    each(y, [&](std::int64_t i) {
      const auto p = up(a.as<T>()[i % na]), q = up(b.as<T>()[i % nb]);
      const auto r = op == BinaryOp::add ? p + q : op == BinaryOp::sub ? p - q : op == BinaryOp::mul ? p * q : p / q;
      y.as<T>()[i] = T(r);
    });
  });
}
void CpuBackend::axpby(const View& y, double alpha, const View& x, double beta) {
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    each(y, [&](std::int64_t i) {
      y.as<T>()[i] = T(A(alpha) * up(x.as<T>()[i]) + (beta == 0 ? A(0) : A(beta) * up(y.as<T>()[i])));
    });
  });
}
void CpuBackend::affine(const View& y, const View& x, double s, double t) {
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    each(y, [&](std::int64_t i) { y.as<T>()[i] = T(A(s) * up(x.as<T>()[i]) + A(t)); });
  });
}
void CpuBackend::scale_rows(const View& y, const View& x, const View& s) {
  const std::int64_t c = y.dim[0] == 0 ? 1 : y.numel() / y.dim[0];
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    each(y, [&](std::int64_t i) { y.as<T>()[i] = T(s.as<A>()[i / c] * up(x.as<T>()[i])); });
  });
}
void CpuBackend::where(const View& y, const View& condition, const View& a, const View& b) {
  dispatch_all(y.dtype, [&]<class T>() {
    each(y, [&](std::int64_t i) { y.as<T>()[i] = condition.as<std::uint8_t>()[i] ? a.as<T>()[i] : b.as<T>()[i]; });
  });
}
void CpuBackend::masked_fill(const View& y, const View& x, const View& mask, double value) {
  dispatch_float(y.dtype, [&]<class T>() {
    each(y, [&](std::int64_t i) {
      y.as<T>()[i] = mask.as<std::uint8_t>()[i] ? T(static_cast<accumulator_t<T>>(value)) : x.as<T>()[i];
    });
  });
}
void CpuBackend::unary_forward(UnaryOp op, const View& y, const View& x) {
  dispatch_float(y.dtype, [&]<class T>() {
    each(y, [&](std::int64_t i) {
      using A = accumulator_t<T>;
      const A v = up(x.as<T>()[i]);
      A r{};
      switch (op) {
        case UnaryOp::exp: r = std::exp(v); break;
        case UnaryOp::log: r = std::log(v); break;
        case UnaryOp::sqrt: r = std::sqrt(v); break;
        case UnaryOp::relu: r = v < 0 ? A(0) : v; break;
        case UnaryOp::tanh: r = std::tanh(v); break;
        case UnaryOp::sigmoid: r = 1 / (1 + std::exp(-v)); break;
      }
      y.as<T>()[i] = T(r);
    });
  });
}
void CpuBackend::unary_backward(UnaryOp op, const View& dx, const View& dy, const View& saved) {
  dispatch_float(dx.dtype, [&]<class T>() {
    each(dx, [&](std::int64_t i) {
      using A = accumulator_t<T>;
      const A s = up(saved.as<T>()[i]), g = up(dy.as<T>()[i]);
      A r{};
      switch (op) {
        case UnaryOp::exp: r = g * s; break;
        case UnaryOp::log: r = g / s; break;
        case UnaryOp::sqrt: r = g / (2 * s); break;
        case UnaryOp::relu: r = s > 0 ? g : A(0); break;
        case UnaryOp::tanh: r = g * (1 - s * s); break;
        case UnaryOp::sigmoid: r = g * s * (1 - s); break;
      }
      dx.as<T>()[i] = T(r);
    });
  });
}
void CpuBackend::gelu_forward(const View& y, const View& x) {
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    each(y, [&](std::int64_t i) {
      const A v = up(x.as<T>()[i]);
      y.as<T>()[i] = T(v * A(0.5) * std::erfc(-v * A(0.70710678118654752)));
    });
  });
}
void CpuBackend::gelu_backward(const View& dx, const View& dy, const View& x) {
  dispatch_float(dx.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    each(dx, [&](std::int64_t i) {
      const A v = up(x.as<T>()[i]);
      dx.as<T>()[i] = T(up(dy.as<T>()[i]) * (A(0.5) * std::erfc(-v * A(0.70710678118654752)) +
                                             v * A(0.3989422804014327) * std::exp(-v * v / 2)));
    });
  });
}
void CpuBackend::sum_dim(const View& y, const View& x) {
  dispatch_float(y.dtype, [&]<class T>() {
    for (std::int64_t o = 0; o < x.dim[0]; ++o)
      for (std::int64_t i = 0; i < x.dim[2]; ++i) {
        accumulator_t<T> s = 0;
        for (std::int64_t k = 0; k < x.dim[1]; ++k) s += up(x.as<T>()[(o * x.dim[1] + k) * x.dim[2] + i]);
        y.as<T>()[o * x.dim[2] + i] = T(s);
      }
  });
}
void CpuBackend::sort_rows(const View& values, const View& indices, const View& x, bool descending) {
  dispatch_all(x.dtype, [&]<class T>() {
    const std::int64_t c = x.cols();
    std::vector<std::int64_t> order(static_cast<std::size_t>(c));
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      const T* row = x.as<T>() + r * c;
      std::iota(order.begin(), order.end(), std::int64_t{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](auto i, auto j) { return descending ? up(row[i]) > up(row[j]) : up(row[i]) < up(row[j]); });
      for (std::int64_t k = 0; k < values.cols(); ++k) {
        values.as<T>()[r * values.cols() + k] = row[order[static_cast<std::size_t>(k)]];
        indices.as<std::int64_t>()[r * values.cols() + k] = order[static_cast<std::size_t>(k)];
      }
    }
  });
}
void CpuBackend::topk_rows(const View& values, const View& indices, const View& x) {
  sort_rows(values, indices, x, true);
}
void CpuBackend::argmax_rows(const View& index, const View& x) {
  dispatch_all(x.dtype, [&]<class T>() {
    const std::int64_t c = x.cols();
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      const T* row = x.as<T>() + r * c;
      index.as<std::int64_t>()[r] = std::max_element(row, row + c, [](T a, T b) { return up(a) < up(b); }) - row;
    }
  });
}
void CpuBackend::dropout(const View& y, const View& x, double p, const RngKey& key) {
  const std::uint32_t threshold = dropout_threshold(p);
  dispatch_float(y.dtype, [&]<class T>() {
    using A = accumulator_t<T>;
    each(y, [&](std::int64_t i) {
      const Philox4 bits = random_bits(key, static_cast<std::uint64_t>(i / 4));
      y.as<T>()[i] = (bits.v[i % 4] >> 8) >= threshold ? T(up(x.as<T>()[i]) * A(1 / (1 - p))) : T(A(0));
    });
  });
}
}  // namespace aio
