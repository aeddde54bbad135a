#include "tensor/device.h"

#include <charconv>

#include "tensor/error.h"

namespace aio {

std::string to_string(Device device) { return device.is_cpu() ? "cpu" : message("cuda:", device.index); }

Device parse_device(std::string_view name) {
  if (name == "cpu") return {};
  if (name == "cuda") return {Device::Kind::cuda, 0};
  constexpr std::string_view kPrefix = "cuda:";
  if (name.starts_with(kPrefix)) {
    int index = -1;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, index);
    if (error == std::errc{} && stop == end && index >= 0) return {Device::Kind::cuda, index};
  }
  fail(ErrorCode::config, "device: got \"", name, "\", expected \"cpu\", \"cuda\" or \"cuda:N\"");
}

}  // namespace aio
