#pragma once
// Copies from any host memory to the device that return at once: through a ring of pinned buffers. A copy straight from
// pageable memory would wait for all that the stream has been given before.

#include <array>
#include <cstddef>
#include <mutex>

#include "cuda/runtime.h"

namespace aio::cuda {

class Staging {
 public:
  Staging();
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// `host` may be changed when this returns. Small copies share a buffer. Waits only when all buffers are full and the
  /// first of them is still on its way. Always the same stream.
  void copy(void* device, const void* host, std::size_t bytes, Stream stream);

 private:
  static constexpr std::size_t kBytes = std::size_t{4} << 20;  // the pixels of 64 clips are 28 of these
  struct Buffer {
    void* data = nullptr;
    Event sent = nullptr;  // all that went through it
  };
  void next_buffer(Stream stream);

  std::mutex mutex_;
  std::array<Buffer, 4> ring_;
  std::size_t current_ = 0, used_ = 0;  // buffer being filled, bytes of it
};

}  // namespace aio::cuda
