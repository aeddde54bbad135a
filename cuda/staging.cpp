#include "cuda/staging.h"

#include <algorithm>
#include <cstring>

#include "tensor/parallel.h"

namespace aio::cuda {

namespace {
constexpr std::size_t kAlignment = 64;
constexpr std::int64_t kPiece = 256 << 10;  // bytes that a thread copies: one thread has a tenth of a bus's speed
}  // namespace

Staging::Staging() {
  for (Buffer& buffer : ring_) {
    buffer.data = allocate_pinned(kBytes);
    buffer.sent = create_event();
  }
}

Staging::~Staging() {
  for (const Buffer& buffer : ring_) {
    destroy(buffer.sent);
    release_pinned(buffer.data);
  }
}

void Staging::copy(void* device, const void* host, std::size_t bytes, Stream stream) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t done = 0; done < bytes;) {
    if (used_ == kBytes) next_buffer(stream);
    const std::size_t n = std::min(kBytes - used_, bytes - done);
    std::byte* const to = static_cast<std::byte*>(ring_[current_].data) + used_;
    const std::byte* const from = static_cast<const std::byte*>(host) + done;
    parallel_for(static_cast<std::int64_t>(n), kPiece, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
    });
    copy_to_device(static_cast<std::byte*>(device) + done, to, n, stream);
    done += n;
    used_ = std::min(kBytes, (used_ + n + kAlignment - 1) / kAlignment * kAlignment);
  }
}

void Staging::next_buffer(Stream stream) {
  record(ring_[current_].sent, stream);
  current_ = (current_ + 1) % ring_.size();
  wait(ring_[current_].sent);
  used_ = 0;
}

}  // namespace aio::cuda
