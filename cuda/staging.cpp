#include "cuda/staging.h"

#include <algorithm>
#include <cstring>

namespace aio::cuda {

Staging::Staging() {
  for (Slot& slot : ring_) {
    slot.data = allocate_pinned(kBytes);
    slot.sent = create_event();
  }
}

Staging::~Staging() {
  for (const Slot& slot : ring_) {
    destroy(slot.sent);
    release_pinned(slot.data);
  }
}

void Staging::copy(void* device, const void* host, std::size_t bytes, Stream stream) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t done = 0; done < bytes; done += kBytes) {
    const std::size_t n = std::min(kBytes, bytes - done);
    const Slot& slot = ring_[next_++ % ring_.size()];
    wait(slot.sent);
    std::memcpy(slot.data, static_cast<const std::byte*>(host) + done, n);
    copy_to_device(static_cast<std::byte*>(device) + done, slot.data, n, stream);
    record(slot.sent, stream);
  }
}

}  // namespace aio::cuda
