#pragma once
// Where a tensor lives: the CPU or one CUDA device.

#include <string>
#include <string_view>

namespace aio {

struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;

  bool is_cpu() const { return kind == Kind::cpu; }
  bool is_cuda() const { return kind == Kind::cuda; }
  friend bool operator==(const Device&, const Device&) = default;
};

/// "cpu" or "cuda:0".
std::string to_string(Device device);
/// "cpu", "cuda" (device 0) or "cuda:N"; throws Error{config} otherwise.
Device parse_device(std::string_view name);

}  // namespace aio
