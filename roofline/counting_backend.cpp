// What CountingBackend does for real: addresses, integers and the list of work. Its kernels are in
// counting_kernels.cpp.

#include "roofline/counting_backend.h"

#include <sys/mman.h>

#include <cstring>
#include <utility>

namespace aio::roofline {

namespace {

/// Addresses that get pages where they are written, which only integers and what comes from the host are.
class Addresses final : public MemorySource {
 public:
  void* acquire(std::size_t bytes) noexcept override {
    void* const data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return data == MAP_FAILED ? nullptr : data;
  }
  void release(void* data, std::size_t bytes) noexcept override { munmap(data, bytes); }
};

}  // namespace

CountingBackend::CountingBackend(Device device)
    : device_(device), allocator_(make_caching_allocator(std::make_unique<Addresses>())) {}
CountingBackend::~CountingBackend() = default;

Work CountingBackend::take() { return std::exchange(work_, {}); }

void CountingBackend::copy_to_host(void* host, const void* device_data, std::size_t bytes) {
  if (bytes == 0) return;
  std::memcpy(host, device_data, bytes);
  ++work_.waits;
}

void CountingBackend::copy_from_host(void* device_data, const void* host, std::size_t bytes) {
  if (bytes == 0) return;
  std::memcpy(device_data, host, bytes);
  Kernel copy;
  copy.name = "copy_from_host";
  copy.written = static_cast<double>(bytes);
  work_.transfers.push_back(copy);
}

CountingBackend& counting_device() {
  static CountingBackend* const backend = [] {
    constexpr int kLast = 15;
    auto made = std::make_unique<CountingBackend>(Device{Device::Kind::cuda, kLast});
    CountingBackend* const kept = made.get();
    install_backend(std::move(made));
    return kept;
  }();
  return *backend;
}

}  // namespace aio::roofline
