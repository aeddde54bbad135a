#pragma once
// Memory that may not be touched although its pages are mapped: blocks that a cache keeps, and the rounding behind live
// ones. AddressSanitizer then reports a use after free or an overrun there; without it both functions do nothing.

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define AIO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AIO_ASAN 1
#endif
#endif
#if defined(AIO_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace aio {

inline void poison([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes) {
#if defined(AIO_ASAN)
  ASAN_POISON_MEMORY_REGION(data, bytes);
#endif
}
inline void unpoison([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes) {
#if defined(AIO_ASAN)
  ASAN_UNPOISON_MEMORY_REGION(data, bytes);
#endif
}

}  // namespace aio
