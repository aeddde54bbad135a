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

  /// `host` may be changed when this returns. Waits only when all buffers are still on their way.
  void copy(void* device, const void* host, std::size_t bytes, Stream stream);

 private:
  static constexpr std::size_t kBytes = std::size_t{4}
                                        << 20;  // a batch of 64 clips of 3 frames, 224 x 224: 29 MB of u8
  struct Slot {
    void* data = nullptr;
    Event sent = nullptr;
  };
  std::mutex mutex_;
  std::array<Slot, 4> ring_;
  std::size_t next_ = 0;
};

}  // namespace aio::cuda
