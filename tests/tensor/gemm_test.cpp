// Matrix products against sums in double, over shapes, strides, dtypes, epilogues, providers and numbers of threads.

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/gemm_provider.h"
#include "tests/kernel_test.h"

using namespace aio;
using std::int64_t;

namespace {

/// Half an ulp of 1.
double unit(DType dtype) { return dtype == DType::f32 ? 0x1p-24 : dtype == DType::f64 ? 0x1p-53 : 0x1p-8; }

template <class T>
double wide(T x) {
  if constexpr (std::is_same_v<T, bf16>) {
    return static_cast<float>(x);
  } else {
    return static_cast<double>(x);
  }
}

template <class T>
T narrow(double x) {
  if constexpr (std::is_same_v<T, bf16>) {
    return bf16(static_cast<float>(x));
  } else {
    return static_cast<T>(x);
  }
}

/// A batch of matrices of random numbers in a buffer with guards on both sides and `padding` guards between lines;
/// lines are the rows or, if `transposed`, the columns.
template <class T>
struct Buffer {
  static constexpr int64_t kGuard = 64;
  static constexpr double kGuardValue = 776;  // exact in bf16

  Buffer(int64_t batch, int64_t rows, int64_t cols, bool transposed, int64_t padding, unsigned seed) {
    const int64_t line = (transposed ? rows : cols) + padding, lines = transposed ? cols : rows;
    view.dtype = dtype_of<T>;
    view.rank = 3;
    const int64_t dims[] = {batch, rows, cols};
    const int64_t strides[] = {line * lines, transposed ? 1 : line, transposed ? line : 1};
    std::copy(dims, dims + 3, view.dim);
    std::copy(strides, strides + 3, view.stride);
    memory.assign(static_cast<std::size_t>(batch * line * lines + 2 * kGuard), narrow<T>(kGuardValue));
    view.data = memory.data() + kGuard;
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for_each([&](T& x) { x = narrow<T>(uniform(random)); });
  }
  Buffer(const Buffer& other) : memory(other.memory), view(other.view) { view.data = memory.data() + kGuard; }
  Buffer& operator=(const Buffer&) = delete;

  T& at(int64_t n, int64_t i, int64_t j) {
    return view.as<T>()[n * view.stride[0] + i * view.stride[1] + j * view.stride[2]];
  }
  double get(int64_t n, int64_t i, int64_t j) { return wide(at(n, i, j)); }
  template <class Body>
  void for_each(Body&& body) {
    for (int64_t n = 0; n < view.dim[0]; ++n) {
      for (int64_t i = 0; i < view.dim[1]; ++i) {
        for (int64_t j = 0; j < view.dim[2]; ++j) body(at(n, i, j));
      }
    }
  }
  /// The first matrix of the batch, or its first row.
  View matrix() const { return tail(1); }
  View row() const { return tail(2); }
  /// True if every element outside the matrices still holds the guard value.
  bool guards_intact() {
    std::vector<bool> inside(memory.size(), false);
    for_each([&](T& x) { inside[static_cast<std::size_t>(&x - memory.data())] = true; });
    for (std::size_t i = 0; i < memory.size(); ++i) {
      if (!inside[i] && wide(memory[i]) != kGuardValue) return false;
    }
    return true;
  }

  std::vector<T> memory;
  View view;

 private:
  View tail(int first) const {
    View v = view;
    v.rank = 3 - first;
    for (int i = 0; i < v.rank; ++i) {
      v.dim[i] = view.dim[first + i];
      v.stride[i] = view.stride[first + i];
    }
    return v;
  }
};

double gelu(double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }
double gelu_grad(double x) {
  return (1 + std::erf(x / std::sqrt(2.0))) / 2 + x * std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
}

struct Case {
  int64_t M, N, K;
  bool transpose_a = false, transpose_b = false;
  int64_t padding = 0;
  double alpha = 1, beta = 0;
  bool bias = false, gelu = false, gelu_backward = false, residual = false, dropout = false;
};

const DropoutMask kMask{0.3, {0x123456789abcdef0ULL, 17, 5}};
double drop(double x, int64_t element) {
  const std::uint32_t bits = random_bits(kMask.key, static_cast<std::uint64_t>(element) / 4).v[element % 4];
  return (bits >> 8) >= dropout_threshold(kMask.p) ? x / (1 - kMask.p) : 0;
}

/// The largest |error| / bound over C and the pre-activation; 99 if a guard was touched. The bound allows for a chain
/// of K roundings of random signs, sqrt(K) u sum |a b| (u half an ulp), a few of the epilogue and that of the stored
/// type.
template <class S, class D>
double worst(const Case& t) {
  Buffer<S> a(1, t.M, t.K, t.transpose_a, t.padding, 1), b(1, t.K, t.N, t.transpose_b, t.padding, 2);
  Buffer<D> c(1, t.M, t.N, false, t.padding, 3), pre(1, t.M, t.N, false, 2 * t.padding, 4);
  Buffer<D> dgelu(1, t.M, t.N, false, t.padding, 5), residual(1, t.M, t.N, false, t.padding + 1, 6);
  Buffer<accumulator_t<D>> bias(1, 1, t.N, false, 0, 7);
  Buffer<D> before(c);
  if (t.beta == 0) c.for_each([](D& x) { x = narrow<D>(std::numeric_limits<double>::quiet_NaN()); });  // not read

  const View bias_view = bias.row(), pre_view = pre.matrix(), dgelu_view = dgelu.matrix();
  const View residual_view = residual.matrix();
  GemmEpilogue epilogue{t.alpha, t.beta};
  if (t.bias) epilogue.bias = &bias_view;
  epilogue.gelu = t.gelu;
  if (t.gelu) epilogue.preactivation_out = &pre_view;
  if (t.dropout) epilogue.dropout = &kMask;
  if (t.gelu_backward) epilogue.gelu_backward_of = &dgelu_view;
  if (t.residual) epilogue.residual = &residual_view;
  backend_for(Device{}).gemm(c.matrix(), a.matrix(), b.matrix(), epilogue);
  if (!c.guards_intact() || !pre.guards_intact()) return 99;

  const double u = unit(accumulator_of(dtype_of<D>)), stored = unit(dtype_of<D>);
  const double erf_error = u < 1e-10 ? 8 * u : 5e-7;  // f32 erf is good to 3e-7
  double result = 0;
  const auto compare = [&](double got, double expected, double bound) {
    const double error = std::abs(got - expected) / (bound + stored * (std::abs(expected) + 0.01));
    result = std::max(result, std::isnan(error) ? 99 : error);
  };
  for (int64_t i = 0; i < t.M; ++i) {
    for (int64_t j = 0; j < t.N; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t k = 0; k < t.K; ++k) {
        const double product = a.get(0, i, k) * b.get(0, k, j);
        sum += product;
        magnitude += std::abs(product);
      }
      double v = t.alpha * sum + (t.beta == 0 ? 0 : t.beta * before.get(0, i, j)) + (t.bias ? bias.get(0, 0, j) : 0);
      double bound = u * (std::sqrt(double(t.K)) * std::abs(t.alpha) * magnitude + 4 * std::abs(v) + 4);
      if (t.gelu) {
        compare(pre.get(0, i, j), v, bound);
        bound = 1.13 * bound + erf_error * (1 + std::abs(v));
        v = gelu(v);
      }
      if (t.dropout) {
        v = drop(v, i * t.N + j);
        bound *= 1 / (1 - kMask.p);
      }
      if (t.gelu_backward) {
        bound = 1.13 * bound + erf_error * std::abs(v);
        v *= gelu_grad(dgelu.get(0, i, j));
      }
      if (t.residual) v += residual.get(0, i, j);
      compare(c.get(0, i, j), v, bound);
    }
  }
  return result;
}

template <class S, class D>
void check_case(const Case& t) {
  const double ratio = worst<S, D>(t);  // observed: at most 0.33 for f32, 0.58 for f64, 0.991 for bf16 (one rounding)
  if (ratio > 1) {
    FAIL_CHECK("M ", t.M, " N ", t.N, " K ", t.K, " transposed ", t.transpose_a, t.transpose_b, " alpha ", t.alpha,
               " beta ", t.beta, " parts ", t.bias, t.gelu, t.gelu_backward, t.residual, t.dropout, ": error / bound ",
               ratio);
  }
}

template <class S, class D>
void check_shapes() {
  for (const int64_t M : {1, 7, 8, 9, 50}) {
    for (const int64_t N : {1, 15, 16, 33, 48, 49, 97}) {
      for (const int64_t K : {1, 7, 64}) {
        for (const int form : {0, 1, 2, 3}) check_case<S, D>({M, N, K, (form & 1) != 0, (form & 2) != 0, form});
      }
    }
  }
}

/// Several blocks of k, chunks of columns and blocks of packed rows.
template <class S, class D>
void check_blocks() {
  for (const int form : {0, 1, 2, 3}) {
    check_case<S, D>({121, 769, 1601, (form & 1) != 0, (form & 2) != 0, form});
    check_case<S, D>({9, 50, 3001, (form & 1) != 0, (form & 2) != 0, 3, 0.5, 1});
  }
}

template <class S, class D>
void check_epilogues() {
  for (const auto& [alpha, beta] :
       {std::pair{1.0, 0.0}, std::pair{1.0, 1.0}, std::pair{0.125, 0.0}, std::pair{-1.5, 0.75}, std::pair{0.0, 2.0}}) {
    for (int parts = 0; parts < 32; ++parts) {
      for (const int64_t K : {0, 5, 800}) {  // an odd N: rows of the mask begin within a group of four
        check_case<S, D>({13, K == 5 ? 52 : 53, K, false, true, 1, alpha, beta, (parts & 1) != 0, (parts & 2) != 0,
                          (parts & 4) != 0, (parts & 8) != 0, (parts & 16) != 0});
      }
    }
  }
}

/// Another provider for the length of a scope.
struct WithProvider {
  explicit WithProvider(std::string_view name) { set_gemm_provider(name); }
  ~WithProvider() { set_gemm_provider("auto"); }
};

template <class Body>
void for_each_provider(Body&& body) {
  for (const GemmProvider provider :
       {GemmProvider::native, GemmProvider::amx, GemmProvider::openblas, GemmProvider::eigen}) {
    if (!has_gemm_provider(provider)) continue;
    const WithProvider with(to_string(provider));
    CAPTURE(to_string(provider));
    body();
  }
}

template <class S, class D>
std::vector<D> result_of(const Case& t, int threads) {
  const test::Threads with(threads);
  Buffer<S> a(1, t.M, t.K, t.transpose_a, 0, 1), b(1, t.K, t.N, t.transpose_b, 0, 2);
  Buffer<D> c(1, t.M, t.N, false, 0, 3), pre(c);
  const View pre_view = pre.matrix();
  GemmEpilogue epilogue{0.5, 1};
  epilogue.preactivation_out = &pre_view;
  epilogue.gelu = true;
  epilogue.dropout = &kMask;
  backend_for(Device{}).gemm(c.matrix(), a.matrix(), b.matrix(), epilogue);
  return c.memory;
}

template <class T>
bool same_bits(const std::vector<T>& x, const std::vector<T>& y) {
  return std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE("gemm: odd shapes in all four layouts") {
  for_each_provider([] {
    check_shapes<float, float>();
    check_shapes<double, double>();
  });
  check_shapes<bf16, bf16>();
  check_shapes<bf16, float>();
}

TEST_CASE("gemm: shapes of several blocks") {
  check_blocks<float, float>();
  check_blocks<double, double>();
  check_blocks<bf16, bf16>();
  check_blocks<bf16, float>();
}

TEST_CASE("gemm: every combination of epilogue parts, alpha and beta, also with K = 0") {
  for_each_provider([] {
    check_epilogues<float, float>();
    check_epilogues<double, double>();
  });
  check_epilogues<bf16, bf16>();
  check_epilogues<bf16, float>();
}

TEST_CASE("gemm: empty C") {
  for (const int64_t M : {0, 5}) check_case<float, float>({M, 0, 3, false, false, 0, 1, 1, true, true, true, true});
  check_case<float, float>({0, 5, 3, false, false, 0, 1, 1, true, true, true, true});
}

TEST_CASE("gemm: a bf16 bias") {
  Buffer<bf16> a(1, 3, 5, false, 0, 1), b(1, 5, 50, false, 0, 2), bias(1, 1, 50, false, 0, 3);
  Buffer<float> c(1, 3, 50, false, 0, 4), plain(c);
  const View bias_view = bias.row();
  GemmEpilogue epilogue;
  epilogue.bias = &bias_view;
  backend_for(Device{}).gemm(plain.matrix(), a.matrix(), b.matrix(), {});
  backend_for(Device{}).gemm(c.matrix(), a.matrix(), b.matrix(), epilogue);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 50; ++j) CHECK(c.at(0, i, j) == plain.at(0, i, j) + static_cast<float>(bias.at(0, 0, j)));
  }
}

TEST_CASE("gemm: operands that repeat a row or have no unit stride") {
  for_each_provider([] {
    Buffer<float> a(1, 20, 11, false, 0, 1), b(1, 11, 60, false, 0, 2), c(1, 20, 60, false, 0, 3);
    View expanded = a.matrix();
    expanded.stride[0] = 0;
    backend_for(Device{}).gemm(c.matrix(), expanded, b.matrix(), {});
    for (int64_t j = 0; j < 60; ++j) CHECK(c.at(0, 19, j) == c.at(0, 0, j));

    Buffer<float> half(1, 11, 30, false, 0, 2), expected(1, 20, 30, false, 0, 3), got(expected);
    for (int64_t i = 0; i < 11; ++i) {
      for (int64_t j = 0; j < 30; ++j) half.at(0, i, j) = b.at(0, i, 2 * j);
    }
    View every_second = b.matrix();
    every_second.dim[1] = 30;
    every_second.stride[1] = 2;
    backend_for(Device{}).gemm(expected.matrix(), a.matrix(), half.matrix(), {});
    backend_for(Device{}).gemm(got.matrix(), a.matrix(), every_second, {});
    for (int64_t i = 0; i < 20; ++i) {
      for (int64_t j = 0; j < 30; ++j) CHECK(std::abs(got.get(0, i, j) - expected.get(0, i, j)) < 1e-5);  // seen 3e-7
    }
  });
}

TEST_CASE("gemm: rows of C further apart than an int counts") {  // OpenBLAS would refuse, with C unwritten
  constexpr int64_t kStride = int64_t{1} << 31;
  constexpr std::size_t kBytes = static_cast<std::size_t>(kStride + 5) * sizeof(float);  // of which two pages are used
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    MESSAGE("skipped: no 8 GiB of address space");
    return;
  }
  for_each_provider([&] {
    Buffer<float> a(1, 2, 3, false, 0, 1), b(1, 3, 5, false, 0, 2), expected(1, 2, 5, false, 0, 3);
    backend_for(Device{}).gemm(expected.matrix(), a.matrix(), b.matrix(), {});
    View c = expected.matrix();
    c.data = memory;
    c.stride[0] = kStride;
    for (int64_t i = 0; i < 2; ++i) {
      std::fill_n(c.as<float>() + i * kStride, 5, std::numeric_limits<float>::quiet_NaN());
    }
    backend_for(Device{}).gemm(c, a.matrix(), b.matrix(), {});
    for (int64_t i = 0; i < 2; ++i) {
      for (int64_t j = 0; j < 5; ++j) {
        CHECK(std::abs(c.as<float>()[i * kStride + j] - expected.at(0, i, j)) < 1e-6);
      }
    }
  });
  munmap(memory, kBytes);
}

TEST_CASE("gemm: bits do not depend on the number of threads") {
  const Case cases[] = {{237, 769, 1000, false, true},
                        {769, 193, 2532, true, false},
                        {5, 3000, 64, false, true},
                        {3001, 17, 100, false, false},
                        {100, 100, 100, true, true}};
  for_each_provider([&] {
    for (const Case& t : cases) {
      const auto f32 = result_of<float, float>(t, 1);
      const auto b16 = result_of<bf16, bf16>(t, 1);
      for (const int threads : {2, 3}) {
        CHECK_MESSAGE(same_bits(f32, result_of<float, float>(t, threads)), "f32, M ", t.M, ", threads ", threads);
        CHECK_MESSAGE(same_bits(b16, result_of<bf16, bf16>(t, threads)), "bf16, M ", t.M, ", threads ", threads);
      }
    }
  });
}

TEST_CASE("gemm: a row's bits do not depend on how many rows there are") {  // of a batch: one clip or eight
  for (const GemmProvider provider : {GemmProvider::native, GemmProvider::amx}) {
    if (!has_gemm_provider(provider)) continue;
    const WithProvider with(to_string(provider));
    for (const int64_t K : {64, 1000}) {
      Buffer<float> a(1, 100, K, false, 0, 1), b(1, K, 96, true, 0, 2), all(1, 100, 96, false, 0, 3), some(all);
      backend_for(Device{}).gemm(all.matrix(), a.matrix(), b.matrix(), {});
      View rows = a.matrix(), out = some.matrix();
      rows.data = &a.at(0, 40, 0);
      out.data = &some.at(0, 40, 0);
      rows.dim[0] = out.dim[0] = 5;
      backend_for(Device{}).gemm(out, rows, b.matrix(), {});
      CHECK(std::memcmp(&all.at(0, 40, 0), &some.at(0, 40, 0), 5 * 96 * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("gemm: AMX has f32's accuracy") {  // three parts a number, not two; numbers of very different sizes
  if (!has_gemm_provider(GemmProvider::amx)) return;
  Buffer<float> a(1, 40, 600, false, 0, 1), b(1, 600, 70, true, 0, 2), c(1, 40, 70, false, 0, 3);
  a.for_each([n = 0](float& x) mutable { x = std::ldexp(x, n++ % 40 - 20); });
  const auto error_of = [&](const char* provider) {
    const WithProvider with(provider);
    backend_for(Device{}).gemm(c.matrix(), a.matrix(), b.matrix(), {});
    double worst = 0;
    for (int64_t i = 0; i < 40; ++i) {
      for (int64_t j = 0; j < 70; ++j) {
        double sum = 0, magnitude = 0;
        for (int64_t k = 0; k < 600; ++k) {
          sum += a.get(0, i, k) * b.get(0, k, j);
          magnitude += std::abs(a.get(0, i, k) * b.get(0, k, j));
        }
        worst = std::max(worst, std::abs(c.get(0, i, j) - sum) / magnitude);
      }
    }
    return worst * 0x1p24;
  };
  const double native = error_of("native"), amx = error_of("amx");
  CHECK_MESSAGE(amx < 1.5 * native, "largest error in units of 2^-24 sum |ab|: native ", native, ", amx ", amx);
}

TEST_CASE("gemm: infinities and NaN stay in their row and column") {
  Buffer<float> a(1, 9, 70, false, 0, 1), b(1, 70, 50, true, 0, 2), c(1, 9, 50, false, 0, 3);
  a.at(0, 3, 60) = std::numeric_limits<float>::quiet_NaN();
  b.at(0, 7, 49) = std::numeric_limits<float>::infinity();
  backend_for(Device{}).gemm(c.matrix(), a.matrix(), b.matrix(), {});
  for (int64_t i = 0; i < 9; ++i) {
    for (int64_t j = 0; j < 50; ++j) CHECK(std::isfinite(c.at(0, i, j)) == (i != 3 && j != 49));
  }
}

TEST_CASE_TEMPLATE("gemm_batched: heads of an attention, shared operands, any number of threads", T, float, double,
                   bf16) {
  // Observed: f32 0.07, f64 0.08, bf16 0.5 of the bound.
  const double bound = dtype_of<T> == DType::bf16 ? 8e-3 : unit(dtype_of<T>) * 32;
  struct Shape {
    int64_t batch, M, N, K;
  };
  for (const Shape s : {Shape{5, 37, 29, 64}, {1, 237, 237, 64}, {2, 8, 48, 3}, {300, 2, 3, 1}, {4, 3, 5, 0}}) {
    for (const int form : {0, 1, 2, 3, 4, 5}) {
      Buffer<T> a(s.batch, s.M, s.K, (form & 1) != 0, 1, 1), b(s.batch, s.K, s.N, (form & 2) != 0, 0, 2);
      if (form == 4) a.view.stride[0] = 0;
      if (form == 5) b.view.stride[0] = 0;
      Buffer<T> before(s.batch, s.M, s.N, false, 3, 3), first(before);
      backend_for(Device{}).gemm_batched(first.view, a.view, b.view, 0.125, 1);
      CHECK(first.guards_intact());
      double error = 0;
      for (int64_t n = 0; n < s.batch; ++n) {
        for (int64_t i = 0; i < s.M; ++i) {
          for (int64_t j = 0; j < s.N; ++j) {
            double sum = 0;
            for (int64_t k = 0; k < s.K; ++k) sum += a.get(n, i, k) * b.get(n, k, j);
            error = std::max(error, std::abs(first.get(n, i, j) - (before.get(n, i, j) + sum / 8)));
          }
        }
      }
      CHECK(error <= bound);
      for (const int threads : {1, 2, 3}) {
        const test::Threads with(threads);
        Buffer<T> c(before);
        backend_for(Device{}).gemm_batched(c.view, a.view, b.view, 0.125, 1);
        CHECK(same_bits(c.memory, first.memory));
      }
    }
  }
}

TEST_CASE("gemm provider: names, rule and errors") {
  CHECK_THROWS_WITH_AS(set_gemm_provider("mkl"),
                       "gemm: provider \"mkl\", expected auto, native, amx, openblas or eigen", Error);
  const WithProvider with("eigen");
  CHECK(gemm_provider() == GemmProvider::eigen);
  CHECK(gemm_description().find("as set") != std::string::npos);
  set_gemm_provider("auto");
  CHECK(gemm_description().find("by rule") != std::string::npos);
#if defined(__AVX2__)
  CHECK(gemm_provider() == (has_gemm_provider(GemmProvider::amx) ? GemmProvider::amx : GemmProvider::native));
#endif
}
