#include "apps/common/device.h"

#include <cstdio>

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
    check(any, ErrorCode::device, "device ", name, ": ", why, " (use --device cpu or auto)");
    std::fprintf(stderr, "no GPU is used: %s\n", why.c_str());
    return {};
  }
  backend_for(device);  // is it among them?
  return device;
}

}  // namespace aio::apps
