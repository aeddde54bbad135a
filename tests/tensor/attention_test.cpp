// The attention kernels against the formula in double, on strided buffers with guards, for every kind of mask.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tensor/backend.h"
#include "tests/kernel_test.h"

namespace aio {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

template <class T>
double to_double(T x) {
  return static_cast<double>(static_cast<accumulator_t<T>>(x));
}
template <class T>
T from_double(double x) {
  return T(static_cast<accumulator_t<T>>(x));
}

/// A [B, N, H, D] tensor in a larger buffer: between its rows, before and behind it lie guard elements.
template <class T>
struct Strided {
  std::vector<T> memory;
  View view;

  /// `slots` = 3 and slot 0, 1, 2: q, k or v of a packed projection. 1: rows with five guard elements between them.
  Strided(std::int64_t B, std::int64_t N, std::int64_t H, std::int64_t D, int slots = 1, int slot = 0) {
    const std::int64_t row = slots * H * D + (slots == 1 ? 5 : 0);
    memory.assign(static_cast<std::size_t>(B * N * row + 64), guard());
    view.data = memory.data() + 32 + slot * H * D;
    view.dtype = dtype_of<T>;
    view.rank = 4;
    const std::int64_t dims[] = {B, N, H, D}, strides[] = {N * row, row, D, 1};
    std::copy_n(dims, 4, view.dim);
    std::copy_n(strides, 4, view.stride);
  }
  Strided(const Strided& other) : memory(other.memory), view(other.view) {
    view.data = memory.data() + (other.view.template as<T>() - other.memory.data());
  }
  Strided& operator=(const Strided&) = delete;

  static T guard() { return from_double<T>(12345); }
  T& at(std::int64_t b, std::int64_t i, std::int64_t h, std::int64_t c) const {
    return view.as<T>()[b * view.stride[0] + i * view.stride[1] + h * view.stride[2] + c];
  }
  template <class Body>
  void each(Body&& body) const {
    for (std::int64_t b = 0; b < view.dim[0]; ++b)
      for (std::int64_t i = 0; i < view.dim[1]; ++i)
        for (std::int64_t h = 0; h < view.dim[2]; ++h)
          for (std::int64_t c = 0; c < view.dim[3]; ++c) body(at(b, i, h, c), b, i, h, c);
  }
  void randomize(std::mt19937& rng, double size = 1) const {
    each(
        [&](T& x, auto...) { x = from_double<T>(size * (static_cast<double>(rng()) / 2147483648.0 - 1) * 1.7320508); });
  }
  void fill(double value) const {
    each([&](T& x, auto...) { x = from_double<T>(value); });
  }
  std::vector<double> values() const {
    std::vector<double> result;
    each([&](T& x, auto...) { result.push_back(to_double(x)); });
    return result;
  }
  /// Elements of the buffer that no longer are the guard value, less those that belong to the tensor.
  std::int64_t damaged_guards() const {
    const std::vector<double> inside = values();
    const double g = to_double(guard());
    std::int64_t changed = 0;
    for (const T x : memory) changed += to_double(x) != g;
    for (const double x : inside) changed -= x != g;
    return changed;
  }
};

struct Case {
  const char* name;
  std::int64_t B, Nq, Nk, H, D;
  bool packed = false, lengths = false, causal = false, allowed = false;
  double size = 1;
  double slack = 1;  ///< on the bounds of the gradients
};

template <class T>
struct Problem {
  using A = accumulator_t<T>;
  Case c;
  double scale;
  Strided<T> q, k, v, dout, out, dq, dk, dv;
  std::vector<A> lse;
  View lse_view;
  std::vector<std::int64_t> lengths;
  std::vector<std::uint8_t> allowed;  // [B, Nq, Nk], shared by the heads
  View lengths_view, allowed_view;
  AttentionMask mask;

  explicit Problem(const Case& c_)
      : c(c_),
        scale(1 / std::sqrt(static_cast<double>(c.D))),
        q(c.B, c.Nq, c.H, c.D, c.packed ? 3 : 1, 0),
        k(c.B, c.Nk, c.H, c.D, c.packed ? 3 : 1, c.packed ? 1 : 0),
        v(c.B, c.Nk, c.H, c.D, c.packed ? 3 : 1, c.packed ? 2 : 0),
        dout(c.B, c.Nq, c.H, c.D),
        out(c.B, c.Nq, c.H, c.D),
        dq(q),
        dk(k),
        dv(v),
        lse(static_cast<std::size_t>(c.B * c.H * c.Nq + 2), A(777)) {
    std::mt19937 rng(5);
    q.randomize(rng, c.size);
    k.randomize(rng, c.size);
    v.randomize(rng);
    dout.randomize(rng);
    for (const Strided<T>* output : {&out, &dq, &dk, &dv}) output->fill(std::nan(""));
    lse_view = vector_view(lse.data() + 1, dtype_of<A>, {c.B, c.H, c.Nq});
    if (c.lengths) {
      for (std::int64_t b = 0; b < c.B; ++b) lengths.push_back(b == 0 ? c.Nk : b == 1 ? 0 : (c.Nk * b) / c.B);
      lengths_view = vector_view(lengths.data(), DType::i64, {c.B});
      mask.key_lengths = &lengths_view;
      // What lies behind a length must not be read at all.
      const auto poison = [&](T& x, std::int64_t b, std::int64_t i, auto...) {
        if (i >= lengths[static_cast<std::size_t>(b)]) x = from_double<T>(std::nan(""));
      };
      k.each(poison);
      v.each(poison);
    }
    mask.causal = c.causal;
    if (c.allowed) {
      for (std::int64_t i = 0; i < c.B * c.Nq * c.Nk; ++i) {
        const std::int64_t query = i / c.Nk % c.Nq;
        allowed.push_back(query == c.Nq / 2 ? 0 : rng() % 3 != 0 ? 2 : 0);  // one query sees nothing
      }
      allowed_view = vector_view(allowed.data(), DType::u8, {c.B, c.H, c.Nq, c.Nk});
      allowed_view.stride[0] = c.Nq * c.Nk;
      allowed_view.stride[1] = 0;
      mask.allowed = &allowed_view;
    }
  }

  static View vector_view(void* data, DType dtype, std::initializer_list<std::int64_t> dims) {
    View view;
    view.data = data;
    view.dtype = dtype;
    view.rank = static_cast<int>(dims.size());
    std::copy(dims.begin(), dims.end(), view.dim);
    for (int i = view.rank - 1, stride_of = 1; i >= 0; --i) {
      view.stride[i] = stride_of;
      stride_of *= static_cast<int>(view.dim[i]);
    }
    return view;
  }

  bool visible(std::int64_t b, std::int64_t i, std::int64_t j) const {
    if (c.lengths && j >= lengths[static_cast<std::size_t>(b)]) return false;
    if (c.causal && j > i + c.Nk - c.Nq) return false;
    return !c.allowed || allowed[static_cast<std::size_t>((b * c.Nq + i) * c.Nk + j)] != 0;
  }

  void run() {
    Backend& backend = test::kernels();
    backend.attention_forward(out.view, lse_view, q.view, k.view, v.view, mask, scale);
    backend.attention_backward(dq.view, dk.view, dv.view, dout.view, q.view, k.view, v.view, out.view, lse_view, mask,
                               scale);
  }
};

/// The formulas of autograd/ops/attention.cpp, scores materialised, in double.
template <class T>
struct Oracle {
  std::vector<double> out, lse, dq, dk, dv;

  explicit Oracle(const Problem<T>& p) {
    const std::int64_t B = p.c.B, Nq = p.c.Nq, Nk = p.c.Nk, H = p.c.H, D = p.c.D;
    const auto zeros = [&](std::int64_t n) { return std::vector<double>(static_cast<std::size_t>(n), 0.0); };
    out = dq = zeros(B * Nq * H * D);
    dk = dv = zeros(B * Nk * H * D);
    lse = zeros(B * H * Nq);
    std::vector<double> P(static_cast<std::size_t>(Nk)), dP(static_cast<std::size_t>(Nk));
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t h = 0; h < H; ++h)
        for (std::int64_t i = 0; i < Nq; ++i) {
          const auto query = [&](std::int64_t c) { return static_cast<std::size_t>(((b * Nq + i) * H + h) * D + c); };
          const auto key = [&](std::int64_t j, std::int64_t c) {
            return static_cast<std::size_t>(((b * Nk + j) * H + h) * D + c);
          };
          double top = -kInf, sum = 0, delta = 0;
          const auto each_key = [&](auto&& body) {
            for (std::int64_t j = 0; j < Nk; ++j) {
              if (p.visible(b, i, j)) body(j, P[static_cast<std::size_t>(j)], dP[static_cast<std::size_t>(j)]);
            }
          };
          each_key([&](std::int64_t j, double& s, double&) {
            s = 0;
            for (std::int64_t c = 0; c < D; ++c) s += to_double(p.q.at(b, i, h, c)) * to_double(p.k.at(b, j, h, c));
            s *= p.scale;
            top = std::max(top, s);
          });
          each_key([&](std::int64_t, double& s, double&) { sum += s = std::exp(s - top); });
          lse[static_cast<std::size_t>((b * H + h) * Nq + i)] = sum == 0 ? -kInf : top + std::log(sum);
          each_key([&](std::int64_t j, double& s, double& ds) {
            s /= sum;
            ds = 0;
            for (std::int64_t c = 0; c < D; ++c) {
              out[query(c)] += s * to_double(p.v.at(b, j, h, c));
              ds += to_double(p.dout.at(b, i, h, c)) * to_double(p.v.at(b, j, h, c));
            }
            delta += s * ds;
          });
          each_key([&](std::int64_t j, double& s, double& ds) {
            ds = s * (ds - delta) * p.scale;
            for (std::int64_t c = 0; c < D; ++c) {
              dq[query(c)] += ds * to_double(p.k.at(b, j, h, c));
              dk[key(j, c)] += ds * to_double(p.q.at(b, i, h, c));
              dv[key(j, c)] += s * to_double(p.dout.at(b, i, h, c));
            }
          });
        }
  }
};

/// NMSE, or the largest squared error where the true values are all 0 (the dq of a query with a single key, say).
double error_of(const std::vector<double>& got, const std::vector<double>& want) {
  const bool zero = std::all_of(want.begin(), want.end(), [](double x) { return x == 0; });
  const double largest = test::max_error(got, want);
  return zero ? largest * largest : test::nmse(got, want);
}

const Case kCases[] = {
    {"model shape", 2, 237, 237, 3, 64, true},
    {"model shape, padded text", 3, 237, 237, 2, 64, true, true},
    {"without padding", 1, 211, 211, 2, 64, true},
    {"one token", 2, 1, 1, 1, 64},
    {"one key", 1, 5, 1, 2, 16},
    {"no keys", 2, 3, 0, 1, 16},
    {"no queries", 2, 0, 3, 1, 16},
    {"D = 7", 2, 19, 33, 2, 7},
    {"D = 16, packed", 2, 61, 61, 4, 16, true},
    {"D = 32", 1, 50, 61, 2, 32, false, false, true},
    {"D = 48, causal", 1, 101, 101, 1, 48, true, false, true},
    {"D = 65", 1, 13, 25, 1, 65},
    {"D = 80", 1, 25, 13, 1, 80},
    {"more queries than keys, causal", 1, 130, 60, 1, 16, false, false, true},
    {"fewer queries than keys, causal", 1, 60, 130, 1, 16, false, false, true},
    {"arbitrary mask", 2, 70, 90, 2, 16, false, false, false, true},
    {"all masks", 4, 110, 110, 2, 16, true, true, true, true},
    {"several blocks of queries, causal", 1, 300, 300, 1, 16, true, false, true},
    {"long rows, small blocks", 1, 120, 3000, 1, 16},
    // Logits of some hundreds: an error of half an ulp of lse (1e-5 in f32) is a relative error of P.
    {"large logits", 1, 40, 40, 1, 16, true, false, false, false, 12, 25},
};

template <class T>
void compare_with_oracle(double forward_bound, double backward_bound) {
  double worst_forward = 0, worst_backward = 0, worst_lse = 0;
  for (const Case& c : kCases) {
    INFO(std::string(c.name));
    Problem<T> p(c);
    const Oracle<T> want(p);
    p.run();
    const double forward = error_of(p.out.values(), want.out);
    const double dq = error_of(p.dq.values(), want.dq), dk = error_of(p.dk.values(), want.dk),
                 dv = error_of(p.dv.values(), want.dv);
    worst_forward = std::max(worst_forward, forward);
    worst_backward = std::max({worst_backward, dq / c.slack, dk / c.slack, dv / c.slack});
    CHECK(forward <= forward_bound);
    CHECK(dq <= c.slack * backward_bound);
    CHECK(dk <= c.slack * backward_bound);
    CHECK(dv <= c.slack * backward_bound);
    for (std::size_t i = 0; i < want.lse.size(); ++i) {
      const double got = static_cast<double>(p.lse[i + 1]);
      if (want.lse[i] == -kInf) {
        CHECK(got == -kInf);
      } else {
        worst_lse = std::max(worst_lse, std::abs(got - want.lse[i]) / std::max(1.0, std::abs(want.lse[i])));
      }
    }
    for (const Strided<T>* output : {&p.out, &p.dq, &p.dk, &p.dv}) CHECK(output->damaged_guards() == 0);
    CHECK(static_cast<double>(p.lse.front()) == 777);
    CHECK(static_cast<double>(p.lse.back()) == 777);
  }
  CHECK(worst_lse <= (sizeof(accumulator_t<T>) == 8 ? 1e-15 : 5e-7));
  MESSAGE("worst NMSE: forward ", worst_forward, ", backward ", worst_backward, "; worst lse ", worst_lse);
}

}  // namespace

TEST_CASE("attention: f32 equals the formula") { compare_with_oracle<float>(1e-10, 1e-10); }
TEST_CASE("attention: f64 equals the formula") { compare_with_oracle<double>(1e-28, 1e-28); }
TEST_CASE("attention: bf16 equals the formula on rounded inputs") { compare_with_oracle<bf16>(1e-5, 1e-5); }

TEST_CASE("attention: the same bits for any number of threads") {
  for (const Case& c :
       {Case{"few heads", 1, 150, 150, 2, 64, true}, Case{"masked", 5, 110, 110, 2, 16, true, true, true}}) {
    std::vector<std::vector<double>> reference;
    for (const int threads : {1, 2, 3}) {
      const test::Threads scope(threads);
      Problem<float> p(c);
      p.run();
      std::vector<std::vector<double>> result{p.out.values(), p.dq.values(), p.dk.values(), p.dv.values()};
      if (reference.empty()) reference = result;
      CHECK(result == reference);
    }
  }
}

}  // namespace aio
