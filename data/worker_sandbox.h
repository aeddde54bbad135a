#pragma once
// What a decode worker gives up before it reads the first byte of a stranger's file.

#include "data/media_limits.h"

namespace aio {

/// Limits memory, descriptors, files' sizes and core dumps, closes every descriptor but 0 to 4, and from then on allows
/// only the system calls that decoding needs: memory, clocks, reading and writing what is open. Opening files, sockets,
/// starting programs, signals to others fail with EPERM. Returns false if the kernel has no such filter: then the
/// limits alone hold. Instrumented by a sanitizer, only the limits that its runtime can live with.
bool enter_sandbox(const MediaLimits& limits);

}  // namespace aio
