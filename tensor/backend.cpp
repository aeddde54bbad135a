#include "tensor/backend.h"

#include <array>

#include "tensor/allocator.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/recording.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace aio {

namespace {

constexpr std::size_t kMaxCudaDevices = 16;

// Never destroyed: tensors in static or thread-local storage may outlive main and give their memory back late.
CpuBackend& cpu_backend() {
  static auto* const backend = new CpuBackend;
  return *backend;
}

std::array<Backend*, kMaxCudaDevices>& cuda_backends() {
  static std::array<Backend*, kMaxCudaDevices> table{};
  return table;
}

}  // namespace

bool Backend::cast_strided(const View&, const View&) { return false; }
bool Backend::gemm_with_row_sums(const View&, const View&, const View&, const View&, double) { return false; }

Backend& backend_for(Device device) {
  if (device.is_cpu()) return cpu_backend();
  const auto index = static_cast<std::size_t>(device.index);
  Backend* const backend = index < kMaxCudaDevices ? cuda_backends()[index] : nullptr;
  check(backend != nullptr, ErrorCode::device, "device ", device,
        ": no such CUDA device is installed in this program (use --device cpu, or a build with CUDA on a machine with ",
        "a GPU)");
  return *backend;
}

Backend& backend_for(const Tensor& tensor) { return backend_for(tensor.device()); }

void install_backend(std::unique_ptr<Backend> backend) {
  const Device device = backend->device();
  check(device.is_cuda() && device.index >= 0 && device.index < static_cast<int>(kMaxCudaDevices), ErrorCode::device,
        "install_backend: got a backend for ", device, ", expected a cuda device below ", kMaxCudaDevices);
  cuda_backends()[static_cast<std::size_t>(device.index)] = backend.release();
}

std::shared_ptr<Storage> Backend::upload(const Tensor& x) {
  const Tensor packed = raw::contiguous(x);
  const auto bytes = static_cast<std::size_t>(packed.numel() * size_of(packed.dtype()));
  auto storage = std::make_shared<Storage>(allocator(), bytes, device());
  copy_from_host(storage->data(), packed.raw_data(), bytes);
  return storage;
}

std::unique_ptr<Recording> Backend::record(std::uint32_t, const std::vector<Tensor>&, const std::function<void()>&) {
  return nullptr;
}

void fail_index(const BadIndex& bad) {
  fail(ErrorCode::index, bad.op, ": ", bad.name, " ", bad.value, " at position ", bad.position, " is outside 0..",
       bad.size - 1);
}

}  // namespace aio
