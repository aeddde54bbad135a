#include "tensor/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tensor/raw.h"

namespace aio {

namespace {

constexpr std::int64_t kGrain = 1 << 14;

/// 24 random bits as a double in (0, 1): never 0, so that its logarithm is finite.
double open_unit(std::uint32_t bits) { return (static_cast<double>(bits >> 8) + 0.5) * 0x1p-24; }

/// Fills an f32 tensor (f64 for f64) with value(four lanes, out[4]) per group of four elements, then casts and moves.
template <class Generate>
Tensor generate(const Shape& shape, const RngKey& key, TensorOptions options, Generate generate_four) {
  check(is_float(options.dtype), ErrorCode::dtype, "random: got dtype ", options.dtype, ", expected f32, f64 or bf16");
  const DType working = accumulator_of(options.dtype);
  Tensor result = Tensor::empty(shape, {working, Device{}});
  const std::int64_t n = result.numel();
  const auto fill = [&]<class T>(T* out) {
    parallel_for((n + 3) / 4, kGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t group = begin; group < end; ++group) {
        double four[4];
        generate_four(random_bits(key, static_cast<std::uint64_t>(group)), four);
        const std::int64_t count = std::min<std::int64_t>(4, n - group * 4);
        for (std::int64_t i = 0; i < count; ++i) out[group * 4 + i] = static_cast<T>(four[i]);
      }
    });
  };
  if (working == DType::f64) {
    fill(result.data<double>());
  } else {
    fill(result.data<float>());
  }
  return raw::cast(result, options.dtype).to(options.device);
}

/// Inverse of the standard normal distribution function, to double precision: Acklam's rational approximation
/// (relative error 1.15e-9) and one step of Halley's method.
double normal_quantile(double p) {
  static constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                 1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                                 6.680131188771972e+01, -1.328068155288572e+01};
  static constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                 -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                 3.754408661907416e+00};
  const auto tail = [](double q) {
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  };
  constexpr double kTail = 0.02425;
  double x = 0;
  if (p < kTail) {
    x = tail(std::sqrt(-2 * std::log(p)));
  } else if (p > 1 - kTail) {
    x = -tail(std::sqrt(-2 * std::log1p(-p)));
  } else {
    const double q = p - 0.5;
    const double r = q * q;
    x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
        (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - p;
  const double u = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - u / (1 + x * u / 2);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

}  // namespace

std::uint32_t dropout_threshold(double p) { return static_cast<std::uint32_t>(std::ceil(p * 0x1p24)); }

Tensor uniform(const Shape& shape, double low, double high, RngKey key, TensorOptions options) {
  check(low <= high, ErrorCode::value, "uniform: got the range ", low, " to ", high, ", expected low <= high");
  return generate(shape, key, options, [=](Philox4 bits, double(&out)[4]) {
    for (int i = 0; i < 4; ++i) out[i] = low + (high - low) * open_unit(bits.v[i]);
  });
}

Tensor normal(const Shape& shape, double mean, double stddev, RngKey key, TensorOptions options) {
  check(stddev >= 0, ErrorCode::value, "normal: got standard deviation ", stddev, ", expected 0 or more");
  return generate(shape, key, options, [=](Philox4 bits, double(&out)[4]) {
    for (int i = 0; i < 4; i += 2) {
      const double radius = stddev * std::sqrt(-2 * std::log(open_unit(bits.v[i])));
      const double angle = 2 * std::numbers::pi * open_unit(bits.v[i + 1]);
      out[i] = mean + radius * std::cos(angle);
      out[i + 1] = mean + radius * std::sin(angle);
    }
  });
}

Tensor truncated_normal(const Shape& shape, double mean, double stddev, double low, double high, RngKey key,
                        TensorOptions options) {
  check(stddev > 0 && low < high, ErrorCode::value, "truncated_normal: got standard deviation ", stddev, " and bounds ",
        low, " to ", high, ", expected a positive deviation and low < high");
  const double from = normal_cdf((low - mean) / stddev);
  const double to = normal_cdf((high - mean) / stddev);
  return generate(shape, key, options, [=](Philox4 bits, double(&out)[4]) {
    for (int i = 0; i < 4; ++i) {
      const double p = from + (to - from) * open_unit(bits.v[i]);
      out[i] = std::clamp(mean + stddev * normal_quantile(p), low, high);
    }
  });
}

namespace {
/// A number below `span` <= 2^32, unbiased to 2^-32: the high half of bits * span.
std::int64_t below(std::uint32_t bits, std::uint64_t span) { return static_cast<std::int64_t>((bits * span) >> 32); }
}  // namespace

Tensor random_integers(const Shape& shape, std::int64_t low, std::int64_t high, RngKey key) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);  // cannot overflow
  check(low < high && span <= std::uint64_t{1} << 32, ErrorCode::value, "random_integers: got the range ", low, " to ",
        high, ", expected low < high, at most 2^32 apart");
  Tensor result = Tensor::empty(shape, {DType::i64, Device{}});
  auto* const out = result.data<std::int64_t>();
  const std::int64_t n = result.numel();
  for (std::int64_t i = 0; i < n; i += 4) {
    const Philox4 bits = random_bits(key, static_cast<std::uint64_t>(i / 4));
    for (std::int64_t k = i; k < std::min(i + 4, n); ++k) out[k] = low + below(bits.v[k - i], span);
  }
  return result;
}

std::vector<std::int64_t> permutation(std::int64_t n, RngKey key) {
  check(n >= 0 && n <= (std::int64_t{1} << 32), ErrorCode::value, "permutation: got a length of ", n,
        ", expected 0 to 2^32");
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  Philox4 bits{};
  for (std::int64_t i = n - 1, draw = 0; i > 0; --i, ++draw) {
    if (draw % 4 == 0) bits = random_bits(key, static_cast<std::uint64_t>(draw / 4));
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(below(bits.v[draw % 4], static_cast<std::uint64_t>(i + 1)))]);
  }
  return order;
}

}  // namespace aio
