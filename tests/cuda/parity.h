#pragma once
// A kernel of the CUDA backend against the CPU backend in f64.
//
//   Parity p(DType::bf16);
//   const int x = p.input({5, 237}), y = p.output({5, 237});
//   p.run([&](Backend& k, const Views& v) { k.gelu_forward(v[y], v[x]); });
//
// Inputs are random and rounded to the dtype first, so both backends begin with the same numbers. Under the emulation a
// kernel runs three times, its threads in different orders, on a GPU twice: it must give the same bits each time, and
// touch nothing around its outputs.

#include <functional>
#include <vector>

#include "tests/kernel_test.h"

namespace aio::test {

/// Everything by the number that input() or output() gave it.
class Views {
 public:
  template <class Index>
  const View& operator[](Index i) const {
    return list_[static_cast<std::size_t>(i)];
  }
  void add(const View& view) { list_.push_back(view); }

 private:
  std::vector<View> list_;
};
using Kernel = std::function<void(Backend&, const Views&)>;

class Parity {
 public:
  explicit Parity(DType dtype) : dtype_(dtype) {}
  DType dtype() const { return dtype_; }

  /// Uniform in [low, high).
  int input(std::vector<std::int64_t> dims, double low = -2, double high = 2);
  /// The same in f32, which is the accumulator dtype.
  int wide_input(std::vector<std::int64_t> dims, double low = -2, double high = 2);
  /// Given values; i64 and u8 stay what they are on both backends.
  int values(DType dtype, std::vector<std::int64_t> dims, const std::vector<double>& values);
  int output(std::vector<std::int64_t> dims);
  int wide_output(std::vector<std::int64_t> dims);
  int integer_output(DType dtype, std::vector<std::int64_t> dims);
  /// bf16 on both backends: the optimizer's copy of the parameters.
  int shadow_output(std::vector<std::int64_t> dims);
  /// Input and output: what a kernel updates in place.
  int inout(std::vector<std::int64_t> dims, double low = -2, double high = 2);
  int wide_inout(std::vector<std::int64_t> dims, double low = -2, double high = 2);
  /// Device memory of everything made from here on begins `elements` elements past a multiple of 128 bytes.
  void misalign(std::int64_t elements) { offset_ = elements; }

  /// Outputs must agree to `factor` times tolerance(their dtype); integers exactly.
  void run(const Kernel& kernel, double factor = 1);
  /// What the last run gave on the device.
  const Buffer& result(int i) const { return operands_[static_cast<std::size_t>(i)].result; }

 private:
  struct Operand {
    Buffer initial, result;
    bool written;
    std::int64_t offset;
    bool keeps_dtype = false;
  };
  int add(Buffer initial, bool written);

  DType dtype_;
  std::int64_t offset_ = 0;
  std::vector<Operand> operands_;
};

/// NMSE: the squared relative error, 1e-6 in f32 and 4e-3 in bf16, whose rounding alone gives 1.7e-3.
double tolerance(DType dtype);

inline constexpr DType kGpuFloats[] = {DType::f32, DType::bf16};

/// True if a CUDA backend is there (always under the emulation); else says that the test is skipped.
bool have_device();

}  // namespace aio::test
