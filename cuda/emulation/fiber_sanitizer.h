#pragma once
// Tells AddressSanitizer which stack runs; without it all of this is empty.

#include <cstddef>

#include "tensor/poison.h"
#if defined(AIO_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif

namespace aio::emulation {

class FiberSanitizer {
#if defined(AIO_ASAN)

 public:
  /// A body that never ended left red zones on its stack.
  void forget(void* stack, std::size_t bytes) {
    unpoison(stack, bytes);
    inside_ = nullptr;
  }
  void before_enter(void* stack, std::size_t bytes) { __sanitizer_start_switch_fiber(&outside_, stack, bytes); }
  void after_enter() { __sanitizer_finish_switch_fiber(outside_, nullptr, nullptr); }
  /// First line inside a fresh stack: notes where it came from.
  void arrived() { __sanitizer_finish_switch_fiber(nullptr, &caller_stack_, &caller_bytes_); }
  void before_leave(bool for_good) {
    __sanitizer_start_switch_fiber(for_good ? nullptr : &inside_, caller_stack_, caller_bytes_);
  }
  void after_leave() { __sanitizer_finish_switch_fiber(inside_, &caller_stack_, &caller_bytes_); }

 private:
  void* outside_ = nullptr;  // the sanitizer's own stacks of the two sides
  void* inside_ = nullptr;
  const void* caller_stack_ = nullptr;
  std::size_t caller_bytes_ = 0;
#else

 public:
  void forget(void*, std::size_t) {}
  void before_enter(void*, std::size_t) {}
  void after_enter() {}
  void arrived() {}
  void before_leave(bool) {}
  void after_leave() {}
#endif
};

}  // namespace aio::emulation
