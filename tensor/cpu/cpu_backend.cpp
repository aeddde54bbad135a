#include "tensor/cpu/cpu_backend.h"

#include <cstring>

#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"

namespace aio {

CpuBackend::CpuBackend() : allocator_(make_caching_allocator(system_memory())) {}

Device CpuBackend::device() const { return {}; }
Allocator& CpuBackend::allocator() { return *allocator_; }

void CpuBackend::copy_to_host(void* host, const void* device_data, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, device_data, bytes);
}
void CpuBackend::copy_from_host(void* device_data, const void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(device_data, host, bytes);
}
void CpuBackend::synchronize() {}  // kernels have finished when they return

std::string CpuBackend::info() const { return message("cpu, ", num_threads(), " threads, gemm ", gemm_description()); }

}  // namespace aio
