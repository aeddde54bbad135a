#pragma once
// --device, run.device: where a program computes.

#include <cstdint>
#include <string>
#include <string_view>

#include "tensor/device.h"

namespace aio::apps {

/// "cpu", "cuda", "cuda:N", or "auto": the first GPU if there is one, else the CPU, which one sentence on stderr says.
/// Wakes CUDA only if the name asks for it. Throws Error{config} for other names and Error{device}, which ends a
/// program with kSystem, where the GPU is not there; both say why.
Device choose_device(std::string_view name);

/// One line: the device, its threads or multiprocessors, who computes products.
std::string describe_device(Device device);

/// What is left of the memory that the device's tensors come from, in bytes.
std::int64_t available_memory(Device device);

}  // namespace aio::apps
