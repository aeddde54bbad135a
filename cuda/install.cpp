#include "cuda/install.h"

#include "cuda/cuda_backend.h"

namespace aio::cuda {

bool install() {
  static const int count = [] {
    const int devices = device_count();
    for (int i = 0; i < devices; ++i) install_backend(std::make_unique<CudaBackend>(i));
    return devices;
  }();
  return count > 0;
}

std::string status() {
  std::string reason;
  const int count = device_count(&reason);
  if (count == 0) {
    return message("built with ", runtime_name(), ", but there is no device", reason.empty() ? "" : ": ", reason);
  }
  std::string text = message("built with ", runtime_name(), "; devices:");
  for (int i = 0; i < count; ++i) {
    const DeviceInfo info = device_info(i);
    text += message(i > 0 ? ", " : " ", info.name, " (compute capability ", info.major, ".", info.minor, ", ",
                    info.memory_bytes >> 30, " GiB)");
  }
  return text;
}

std::int64_t available_memory(int index) {
  use_device(index);
  return static_cast<std::int64_t>(available_bytes());
}

}  // namespace aio::cuda
