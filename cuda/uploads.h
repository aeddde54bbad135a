#pragma once
// Large copies to the device while its kernels run: on a stream of their own, into memory of their own. A copy in the
// stream of the kernels would wait for all that it was given before, and with it the host, once the ring is full.
//
// Memory of the allocator would not do: what it hands out may still be read by kernels that were asked for earlier,
// because all of those run in one order. Here a block waits for the kernels that used it last, and no others. (It is
// not in memory_stats(): the frames of about two batches.)

#include <memory>
#include <vector>

#include "cuda/staging.h"
#include "tensor/allocator.h"
#include "tensor/storage.h"

namespace aio::cuda {

class Uploads {
 public:
  static constexpr std::size_t kLeast = std::size_t{1} << 20;  // bytes; below, the way round costs more than it saves

  /// `others` gives back what it keeps when there is no more memory.
  explicit Uploads(Allocator& others);
  ~Uploads();
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  /// The bytes on `device`; what `kernels` is given from now on sees them. `host` may be changed when this returns.
  /// Throws Error{oom}.
  std::shared_ptr<Storage> upload(const void* host, std::size_t bytes, Device device, Stream kernels);

 private:
  struct Pool;
  Allocator& others_;
  std::shared_ptr<Pool> pool_;  // outlived by no block
  Staging staging_;
  Stream stream_;
};

}  // namespace aio::cuda
