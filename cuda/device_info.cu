#include <cuda_runtime.h>

#include <cstring>

#include "cuda/device_info.h"

namespace aio::cuda {

namespace {
// Never launched: asking for its attributes tells whether this build has code for a device.
__global__ void probe(int* out) { *out = 1; }
}  // namespace

int device_count(const char** reason) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();  // reading it clears it
    *reason = cudaGetErrorString(error);
    return 0;
  }
  *reason = "";
  return count;
}

DeviceInfo device_info(int index) {
  DeviceInfo info;
  cudaDeviceProp properties;
  if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) return info;
  static_assert(sizeof info.name == sizeof properties.name);
  std::memcpy(info.name, properties.name, sizeof info.name);
  info.major = properties.major;
  info.minor = properties.minor;
  info.memory_bytes = properties.totalGlobalMem;
  int previous = 0;
  cudaGetDevice(&previous);
  cudaFuncAttributes attributes;
  info.runs_our_code = cudaSetDevice(index) == cudaSuccess && cudaFuncGetAttributes(&attributes, probe) == cudaSuccess;
  cudaGetLastError();
  cudaSetDevice(previous);
  return info;
}

int toolkit_version() { return CUDART_VERSION; }

}  // namespace aio::cuda
