#include "tests/cuda/parity.h"

#include <doctest/doctest.h>

#include <cstring>

#include "cuda/install.h"
#include "tensor/allocator.h"
#if defined(AIO_CUDA_EMULATION)
#include "cuda/emulation/emulator.h"
#endif

namespace aio::test {

namespace {

constexpr Device kDevice{Device::Kind::cuda, 0};
constexpr std::size_t kGuard = 128;
constexpr char kUntouched = '\xA5';

#if defined(AIO_CUDA_EMULATION)
constexpr int kRuns = 3;
void arrange(int run) { emulation::set_order(static_cast<emulation::Order>(run)); }
#else
constexpr int kRuns = 2;
void arrange(int) {}
#endif

Buffer in_double(const Buffer& x) {
  return is_float(x.dtype()) ? Buffer(DType::f64, x.dims(), x.values()) : Buffer(x.dtype(), x.dims(), x.values());
}

/// A buffer's copy in device memory between guards.
class Placed {
 public:
  Placed(const Buffer& buffer, std::int64_t offset)
      : view_(buffer.view()),
        shift_(kGuard + static_cast<std::size_t>(offset * size_of(buffer.dtype()))),
        bytes_(buffer.bytes().size()),
        whole_(bytes_ + shift_ + kGuard),
        data_(backend_for(kDevice).allocator().allocate(whole_)) {
    std::string image(whole_, kUntouched);
    image.replace(shift_, bytes_, buffer.bytes());
    backend_for(kDevice).copy_from_host(data_, image.data(), whole_);
    view_.data = static_cast<char*>(data_) + shift_;
  }
  ~Placed() { backend_for(kDevice).allocator().deallocate(data_, whole_); }
  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;

  const View& view() const { return view_; }
  /// Copies the elements back; true if the guards are whole.
  bool read(Buffer& to) const {
    std::string image(whole_, '\0');
    backend_for(kDevice).copy_to_host(image.data(), data_, whole_);
    std::memcpy(to.view().data, image.data() + shift_, bytes_);
    return image.substr(0, shift_) == std::string(shift_, kUntouched) &&
           image.substr(shift_ + bytes_) == std::string(kGuard, kUntouched);
  }

 private:
  View view_;
  std::size_t shift_, bytes_, whole_;
  void* data_;
};

}  // namespace

double tolerance(DType dtype) { return dtype == DType::bf16 ? 1.6e-5 : 1e-12; }

bool have_device() {
  static const bool there = cuda::install();
  if (!there) MESSAGE("skipped: ", cuda::status());
  return there;
}

int Parity::add(Buffer initial, bool written) {
  operands_.push_back({initial, initial, written, offset_});
  return static_cast<int>(operands_.size()) - 1;
}

int Parity::input(std::vector<std::int64_t> dims, double low, double high) {
  return add(random(dtype_, std::move(dims), operands_.size() + 1, low, high), false);
}
int Parity::wide_input(std::vector<std::int64_t> dims, double low, double high) {
  return add(random(DType::f32, std::move(dims), operands_.size() + 1, low, high), false);
}
int Parity::values(DType dtype, std::vector<std::int64_t> dims, const std::vector<double>& values) {
  return add(Buffer(dtype, std::move(dims), values), false);
}
int Parity::output(std::vector<std::int64_t> dims) { return add(Buffer(dtype_, std::move(dims)), true); }
int Parity::wide_output(std::vector<std::int64_t> dims) { return add(Buffer(DType::f32, std::move(dims)), true); }
int Parity::integer_output(DType dtype, std::vector<std::int64_t> dims) {
  return add(Buffer(dtype, std::move(dims)), true);
}
int Parity::shadow_output(std::vector<std::int64_t> dims) {
  const int i = add(Buffer(DType::bf16, std::move(dims)), true);
  operands_.back().keeps_dtype = true;
  return i;
}
int Parity::inout(std::vector<std::int64_t> dims, double low, double high) {
  return add(random(dtype_, std::move(dims), operands_.size() + 1, low, high), true);
}
int Parity::wide_inout(std::vector<std::int64_t> dims, double low, double high) {
  return add(random(DType::f32, std::move(dims), operands_.size() + 1, low, high), true);
}

void Parity::run(const Kernel& kernel, double factor) {
  std::vector<Buffer> expected;
  Views views;
  for (const Operand& operand : operands_)
    expected.push_back(operand.keeps_dtype ? operand.initial : in_double(operand.initial));
  for (const Buffer& buffer : expected) views.add(buffer.view());
  kernel(kernels(), views);

  for (int attempt = 0; attempt < kRuns; ++attempt) {
    arrange(attempt);
    std::vector<std::unique_ptr<Placed>> placed;
    Views on_device;
    for (const Operand& operand : operands_) {
      placed.push_back(std::make_unique<Placed>(operand.initial, operand.offset));
      on_device.add(placed.back()->view());
    }
    kernel(backend_for(kDevice), on_device);
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      CAPTURE(i);
      CAPTURE(attempt);
      Operand& operand = operands_[i];
      const std::string before = operand.result.bytes();
      CHECK(placed[i]->read(operand.result));
      if (!operand.written) {
        CHECK(operand.result.bytes() == operand.initial.bytes());
      } else if (attempt > 0) {
        CHECK(operand.result.bytes() == before);
      }
    }
  }
  arrange(0);

  for (std::size_t i = 0; i < operands_.size(); ++i) {
    if (!operands_[i].written) continue;
    INFO("operand ", i, ": ", describe(operands_[i].result));
    if (is_float(operands_[i].result.dtype())) {
      CHECK(nmse(operands_[i].result.values(), expected[i].values()) <=
            factor * tolerance(operands_[i].result.dtype()));
    } else {
      CHECK(operands_[i].result.bytes() == expected[i].bytes());
    }
  }
}

}  // namespace aio::test
