#include "tests/kernel_test.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "tensor/parallel.h"

namespace aio::test {

namespace {

constexpr std::size_t kGuard = 128;
constexpr std::uint8_t kUntouched = 0xA5;

std::string text(const std::vector<std::int64_t>& dims) {
  std::string s = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) s += (i ? ", " : "") + std::to_string(dims[i]);
  return s + "]";
}

}  // namespace

Buffer::Buffer(DType dtype, std::vector<std::int64_t> dims)
    : dtype_(dtype),
      dims_(std::move(dims)),
      numel_(std::accumulate(dims_.begin(), dims_.end(), std::int64_t{1}, std::multiplies<>())),
      memory_(2 * kGuard + static_cast<std::size_t>(numel_ * size_of(dtype)), kUntouched) {}

Buffer::Buffer(DType dtype, std::vector<std::int64_t> dims, const std::vector<double>& values)
    : Buffer(dtype, std::move(dims)) {
  REQUIRE(static_cast<std::int64_t>(values.size()) == numel_);
  for (std::int64_t i = 0; i < numel_; ++i) set(i, values[static_cast<std::size_t>(i)]);
}

View Buffer::view() const {
  View v;
  v.data = const_cast<std::uint8_t*>(memory_.data()) + kGuard;
  v.dtype = dtype_;
  v.rank = static_cast<int>(dims_.size());
  std::int64_t stride = 1;
  for (int i = v.rank - 1; i >= 0; --i) {
    v.dim[i] = dims_[static_cast<std::size_t>(i)];
    v.stride[i] = stride;
    stride *= v.dim[i];
  }
  return v;
}

double Buffer::at(std::int64_t i) const {
  return dispatch_all(dtype_, [&]<class T>() {
    const T value = view().as<T>()[i];
    if constexpr (std::is_same_v<T, bf16>) {
      return static_cast<double>(static_cast<float>(value));
    } else {
      return static_cast<double>(value);
    }
  });
}

void Buffer::set(std::int64_t i, double value) {
  dispatch_all(dtype_, [&]<class T>() {
    if constexpr (std::is_same_v<T, bf16>) {
      view().as<T>()[i] = bf16(static_cast<float>(value));
    } else {
      view().as<T>()[i] = static_cast<T>(value);
    }
  });
}

std::vector<double> Buffer::values() const {
  std::vector<double> result(static_cast<std::size_t>(numel_));
  for (std::int64_t i = 0; i < numel_; ++i) result[static_cast<std::size_t>(i)] = at(i);
  return result;
}

std::string Buffer::bytes() const {
  return {reinterpret_cast<const char*>(memory_.data()) + kGuard, memory_.size() - 2 * kGuard};
}

bool Buffer::guards_intact() const {
  const auto untouched = [](std::uint8_t byte) { return byte == kUntouched; };
  return std::all_of(memory_.begin(), memory_.begin() + kGuard, untouched) &&
         std::all_of(memory_.end() - kGuard, memory_.end(), untouched);
}

void Buffer::clear() { std::fill(memory_.begin(), memory_.end(), kUntouched); }

Buffer random(DType dtype, std::vector<std::int64_t> dims, std::uint64_t seed, double low, double high) {
  Buffer buffer(dtype, std::move(dims));
  for (std::int64_t i = 0; i < buffer.numel(); ++i) {
    const Philox4 bits = random_bits({seed, 0, 0}, static_cast<std::uint64_t>(i));
    const double unit = (bits.v[0] + bits.v[1] * 0x1p-32) * 0x1p-32;
    const double value = low + (high - low) * unit;
    buffer.set(i, is_float(dtype) ? value : std::floor(value));
  }
  return buffer;
}

std::string describe(const Buffer& buffer) {
  return std::string(to_string(buffer.dtype())) + " " + text(buffer.dims());
}

Backend& kernels() { return backend_for(Device{}); }

Threads::Threads(int n) : before_(num_threads()) { set_num_threads(n); }
Threads::~Threads() { set_num_threads(before_); }

void on_threads(std::initializer_list<Buffer*> outputs, const std::function<void()>& run) {
  on_threads(outputs, run, [&] {
    for (Buffer* output : outputs) output->clear();
  });
}

void on_threads(std::initializer_list<Buffer*> outputs, const std::function<void()>& run,
                const std::function<void()>& prepare) {
  std::vector<std::string> first;
  for (const int threads : {1, 2, 3}) {
    const Threads guard(threads);
    CAPTURE(threads);
    prepare();
    run();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Buffer& output = **(outputs.begin() + i);
      INFO("output ", i, ": ", describe(output));
      CHECK(output.guards_intact());
      if (threads == 1) {
        first.push_back(output.bytes());
      } else {
        const bool same_bits = output.bytes() == first[i];
        CHECK(same_bits);
      }
    }
  }
}

namespace {

/// Visits the finite pairs; false if the others do not match.
template <class Visit>
bool compare(const std::vector<double>& actual, const std::vector<double>& expected, Visit&& visit) {
  if (actual.size() != expected.size()) return false;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected[i];
    if (std::isfinite(a) && std::isfinite(e)) {
      visit(a, e);
    } else if (!(a == e || (std::isnan(a) && std::isnan(e)))) {
      return false;
    }
  }
  return true;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

double nmse(const std::vector<double>& actual, const std::vector<double>& expected) {
  double error = 0, scale = 0;
  const bool match = compare(actual, expected, [&](double a, double e) {
    error += (a - e) * (a - e);
    scale += e * e;
  });
  if (!match) return kInfinity;
  return error == 0 ? 0 : scale == 0 ? kInfinity : error / scale;
}

double max_error(const std::vector<double>& actual, const std::vector<double>& expected) {
  double largest = 0;
  const bool match =
      compare(actual, expected, [&](double a, double e) { largest = std::max(largest, std::abs(a - e)); });
  return match ? largest : kInfinity;
}

double rounding_bound(DType dtype) { return dtype == DType::f64 ? 1e-28 : dtype == DType::f32 ? 1e-12 : 0x1p-16; }

void check_close(const Buffer& actual, const std::vector<double>& expected, double nmse_bound) {
  INFO(describe(actual));
  CHECK(nmse(actual.values(), expected) <= nmse_bound);
}

void check_equal(const Buffer& actual, const std::vector<double>& expected) {
  INFO(describe(actual));
  CHECK(max_error(actual.values(), expected) == 0);
}

}  // namespace aio::test
