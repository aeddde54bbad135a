#pragma once
// The only header of cuda/ that others include, and only programs do: it registers the CUDA backend.

#include <cstdint>
#include <string>

namespace aio::cuda {

/// Makes Device{cuda, i} usable; may be called again. False where that cannot be; status() says why. Devices are woken
/// by their first use, not here.
bool install();

/// One sentence: what this build and this machine have of CUDA.
std::string status();

/// Memory of the device that nobody has taken, in bytes; 0 without CUDA. Wakes the device.
std::int64_t available_memory(int index);

}  // namespace aio::cuda
