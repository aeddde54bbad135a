#include "cuda/install.h"

#include "cuda/device_info.h"

namespace aio::cuda {

namespace {
std::string toolkit() {
  const int version = toolkit_version();
  return "CUDA " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}
}  // namespace

bool install() { return false; }

std::string status() {
  const char* reason = "";
  const int count = device_count(&reason);
  if (count == 0)
    return "built with " + toolkit() + ", but there is no device" + (*reason ? std::string(": ") + reason : "");
  std::string text = "built with " + toolkit() + ", without tensor kernels yet; devices:";
  for (int i = 0; i < count; ++i) {
    const DeviceInfo info = device_info(i);
    text += (i ? ", " : " ") + std::string(info.name) + " (compute capability " + std::to_string(info.major) + "." +
            std::to_string(info.minor) + ", " + std::to_string(info.memory_bytes >> 30) + " GiB" +
            (info.runs_our_code ? ")" : ", not one this build has code for)");
  }
  return text;
}

}  // namespace aio::cuda
