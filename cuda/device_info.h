#pragma once
// What the CUDA runtime says about the devices of this machine. Plain data: the .cu file behind it needs no STL.

#include <cstddef>

namespace aio::cuda {

struct DeviceInfo {
  char name[256] = {};
  int major = 0, minor = 0;      ///< compute capability
  std::size_t memory_bytes = 0;  ///< of the whole device
  bool runs_our_code = false;    ///< this build has machine code or PTX for it
};

/// Number of devices; 0 where there is none or the driver is missing, and then *reason (static text) says which.
int device_count(const char** reason);
DeviceInfo device_info(int index);

/// The CUDA version this was built with, as 1000 * major + 10 * minor.
int toolkit_version();

}  // namespace aio::cuda
