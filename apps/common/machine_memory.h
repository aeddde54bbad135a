#pragma once
// Memory of this process and of the machine, as Linux counts it. Bytes.

#include <cstdint>

namespace aio::apps {

/// The largest resident set so far (VmHWM); 0 where the system does not tell.
std::int64_t peak_resident_bytes();
/// What could still be taken without swapping: MemAvailable or, where that is less, what the control group leaves.
std::int64_t available_bytes();

}  // namespace aio::apps
