#pragma once
// What the kernel tests share: buffers with guard bytes, values as double, error measures, runs on 1, 2 and 3 threads.
//
//   Buffer x = random(DType::bf16, {7, 769}), y(DType::bf16, {7, 769});
//   on_threads({&y}, [&] { kernels().gelu_forward(y.view(), x.view()); });   // same bits each time, guards untouched
//   check_close(y, map(x, [](double v) { return v * 0.5 * std::erfc(-v / std::sqrt(2.0)); }), bound);

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "tensor/backend.h"

namespace aio::test {

/// A contiguous array in host memory with 128 guard bytes on either side. A new one holds bytes 0xA5 everywhere, so an
/// element that a kernel forgets differs from any expected value.
class Buffer {
 public:
  Buffer(DType dtype, std::vector<std::int64_t> dims);
  /// The values, rounded to `dtype`.
  Buffer(DType dtype, std::vector<std::int64_t> dims, const std::vector<double>& values);

  DType dtype() const { return dtype_; }
  const std::vector<std::int64_t>& dims() const { return dims_; }
  std::int64_t numel() const { return numel_; }
  View view() const;
  double at(std::int64_t i) const;
  void set(std::int64_t i, double value);
  std::vector<double> values() const;
  /// The elements' bytes, without the guards.
  std::string bytes() const;
  bool guards_intact() const;
  /// Back to bytes 0xA5, guards included.
  void clear();

 private:
  DType dtype_;
  std::vector<std::int64_t> dims_;
  std::int64_t numel_;
  std::vector<std::uint8_t> memory_;
};

/// Uniform values in [low, high): integers in i64 and u8.
Buffer random(DType dtype, std::vector<std::int64_t> dims, std::uint64_t seed = 1, double low = -2, double high = 2);

/// "f32 [3, 769]", for INFO and CAPTURE.
std::string describe(const Buffer& buffer);

inline constexpr DType kFloats[] = {DType::f32, DType::f64, DType::bf16};
inline constexpr DType kAllTypes[] = {DType::f32, DType::f64, DType::bf16, DType::i64, DType::u8};

/// The CPU backend.
Backend& kernels();

/// Number of threads while it lives.
class Threads {
 public:
  explicit Threads(int n);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Calls `run` on 1, 2 and 3 threads. Each time every output must get the same bits and keep its guards. `prepare`
/// runs first, each time (the default clears the outputs); a kernel that works in place copies its input there.
void on_threads(std::initializer_list<Buffer*> outputs, const std::function<void()>& run);
void on_threads(std::initializer_list<Buffer*> outputs, const std::function<void()>& run,
                const std::function<void()>& prepare);

/// sum (actual - expected)^2 / sum expected^2; infinite if an element that should be finite is not, or if infinities
/// and NaN do not stand in the same places.
double nmse(const std::vector<double>& actual, const std::vector<double>& expected);
/// Largest |actual - expected|; the same rule for infinities and NaN.
double max_error(const std::vector<double>& actual, const std::vector<double>& expected);

/// NMSE that one rounding to `dtype` and some 10 roundings in its accumulator stay under; beside it what was observed
/// in the tests of the elementwise kernels: f32 1e-12 (3e-14), f64 1e-28 (4e-32), bf16 2^-16, the worst of one rounding
/// (3e-6 over many elements).
double rounding_bound(DType dtype);
void check_close(const Buffer& actual, const std::vector<double>& expected, double nmse_bound);
/// Equal values; NaN equals NaN.
void check_equal(const Buffer& actual, const std::vector<double>& expected);

/// f of every element.
template <class F>
std::vector<double> map(const Buffer& x, F&& f) {
  std::vector<double> y = x.values();
  for (double& v : y) v = f(v);
  return y;
}

}  // namespace aio::test
