#pragma once
// "Device" memory: pages that host code cannot touch. Kernels and copies open them while they run, so that a pointer to
// device memory that the host reads ends the program on the spot, as it would on a machine with a GPU.

#include <cstddef>

namespace aio::emulation {

/// nullptr when there is no more.
void* allocate_closed(std::size_t bytes) noexcept;
void release_closed(void* data) noexcept;

/// Opens all device memory for as long as it lives. May be nested.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

}  // namespace aio::emulation
