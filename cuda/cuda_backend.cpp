#include "cuda/cuda_backend.h"

#include <new>
#include <utility>

#include "cuda/gemm_library.h"
#include "cuda/staging.h"
#include "cuda/uploads.h"

namespace aio {

namespace {

class DeviceMemory final : public MemorySource {
 public:
  explicit DeviceMemory(int index) : index_(index) {}
  void* acquire(std::size_t bytes) noexcept override {
    cuda::use_device(index_);
    return cuda::allocate(bytes);
  }
  void release(void* data, std::size_t) noexcept override { cuda::release(data); }

 private:
  int index_;
};

}  // namespace

struct CudaBackend::OnDevice {
  explicit OnDevice(Allocator& allocator) : uploads(allocator) {}
  cuda::Stream stream = cuda::create_stream();
  cuda::Staging staging;
  cuda::Uploads uploads;
  BadIndex* const bad_index = new (cuda::allocate_pinned(sizeof(BadIndex))) BadIndex;
  ~OnDevice() { cuda::release_pinned(bad_index); }
};

CudaBackend::CudaBackend(int index)
    : index_(index), allocator_(make_caching_allocator(std::make_unique<DeviceMemory>(index))) {}
CudaBackend::~CudaBackend() = default;

Device CudaBackend::device() const { return {Device::Kind::cuda, index_}; }
Allocator& CudaBackend::allocator() { return *allocator_; }

CudaBackend::OnDevice& CudaBackend::on_device() {
  cuda::use_device(index_);
  std::call_once(once_, [this] { on_device_ = std::make_unique<OnDevice>(*allocator_); });
  return *on_device_;
}

cuda::Stream CudaBackend::stream() { return on_device().stream; }

void CudaBackend::copy_to_host(void* host, const void* device_data, std::size_t bytes) {
  if (bytes == 0) return;
  cuda::copy_to_host(host, device_data, bytes, stream());
  finish();
}

void CudaBackend::copy_from_host(void* device_data, const void* host, std::size_t bytes) {
  if (bytes > 0) on_device().staging.copy(device_data, host, bytes, stream());
}

std::shared_ptr<Storage> CudaBackend::upload(const void* host, std::size_t bytes) {
  if (bytes < cuda::Uploads::kLeast) return Backend::upload(host, bytes);
  OnDevice& here = on_device();
  return here.uploads.upload(host, bytes, device(), here.stream);
}

void CudaBackend::synchronize() { finish(); }

void CudaBackend::finish() {
  cuda::synchronize(stream());
  BadIndex& found = *on_device().bad_index;
  if (found.op != nullptr) fail_index(std::exchange(found, {}));
}

BadIndex* CudaBackend::bad_index() { return on_device().bad_index; }

std::string CudaBackend::info() const {
  const cuda::DeviceInfo device = cuda::device_info(index_);
  return message("cuda:", index_, ", ", device.name, ", ", device.multiprocessors, " multiprocessors, ",
                 cuda::runtime_name(), ", gemm ", cuda::gemm_library_name());
}

}  // namespace aio
