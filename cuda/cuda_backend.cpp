#include "cuda/cuda_backend.h"

#include <new>
#include <utility>

#include "cuda/gemm_library.h"
#include "cuda/graph.h"
#include "cuda/staging.h"
#include "cuda/uploads.h"
#include "tensor/raw.h"

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
Allocator& CudaBackend::allocator() { return recorded_ == nullptr ? *allocator_ : recorded_->memory(); }

CudaBackend::OnDevice& CudaBackend::on_device() {
  cuda::use_device(index_);
  std::call_once(once_, [this] { on_device_ = std::make_unique<OnDevice>(*allocator_); });
  return *on_device_;
}

cuda::Stream CudaBackend::stream() { return on_device().stream; }

void CudaBackend::copy_to_host(void* host, const void* device_data, std::size_t bytes) {
  if (bytes == 0) return;
  refuse_in_recording("reading a tensor back");
  cuda::copy_to_host(host, device_data, bytes, stream());
  finish();
}

void CudaBackend::copy_from_host(void* device_data, const void* host, std::size_t bytes) {
  if (bytes == 0) return;
  refuse_in_recording("writing the host's numbers");  // those that may change are sent by upload()
  on_device().staging.copy(device_data, host, bytes, stream());
}

std::shared_ptr<Storage> CudaBackend::upload(const Tensor& x) {
  if (recorded_ != nullptr) return recorded_->input(x);
  const Tensor packed = raw::contiguous(x);
  const auto bytes = static_cast<std::size_t>(packed.numel() * size_of(packed.dtype()));
  if (bytes < cuda::Uploads::kLeast) return Backend::upload(packed);
  OnDevice& here = on_device();
  return here.uploads.upload(packed.raw_data(), bytes, device(), here.stream);
}

void CudaBackend::synchronize() { finish(); }

std::unique_ptr<Recording> CudaBackend::record(std::uint32_t step, const std::vector<Tensor>& inputs,
                                               const std::function<void()>& body) {
  refuse_in_recording("another recording");
  OnDevice& here = on_device();
  allocator_->trim();  // what steps have used so far, the recording takes anew
  if (idle_memory_.empty()) {
    recorded_memory_.push_back(make_caching_allocator(std::make_unique<DeviceMemory>(index_), Freed::open));
    idle_memory_.push_back(recorded_memory_.back().get());
  }
  Allocator& memory = *idle_memory_.back();
  const auto give_back = [this, &memory] {
    memory.trim();
    idle_memory_.push_back(&memory);
  };
  auto graph = std::make_unique<cuda::Graph>(device(), here.stream, here.staging, memory, give_back);
  idle_memory_.pop_back();
  recorded_ = graph.get();
  try {
    graph->record(step, inputs, body);
  } catch (...) {
    recorded_ = nullptr;
    throw;
  }
  recorded_ = nullptr;
  return graph;
}

const std::uint32_t* CudaBackend::recorded_step(const RngKey& key) const {
  return recorded_ == nullptr ? nullptr : recorded_->step_of(key);
}

void CudaBackend::refuse_in_recording(const char* what) const {
  check(recorded_ == nullptr, ErrorCode::state, "cuda: ", what,
        " in a step that is being recorded, whose replays would not do it again");
}

void CudaBackend::finish() {
  refuse_in_recording("waiting for the device");
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
