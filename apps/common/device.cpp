#include "apps/common/device.h"

#include <cstdio>

#include "apps/common/machine_memory.h"
#include "cuda/install.h"
#include "tensor/backend.h"
#include "tensor/error.h"

namespace aio::apps {

Device choose_device(std::string_view name) {
  const bool any = name == "auto";
  const Device device = parse_device(any ? "cuda" : name);
  if (device.is_cpu()) return device;
  if (!cuda::install()) {
    const std::string why = cuda::status();
    check(any, ErrorCode::device, "device ", name, ": ", why, " (choose cpu or auto)");
    std::fprintf(stderr, "computing on the CPU: %s\n", why.c_str());
    return {};
  }
  backend_for(device);  // is it among them?
  return device;
}

std::string describe_device(Device device) { return backend_for(device).info(); }

std::int64_t available_memory(Device device) {
  return device.is_cpu() ? available_bytes() : cuda::available_memory(device.index);
}

}  // namespace aio::apps
