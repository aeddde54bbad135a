#pragma once
// Scratch memory that outlives the call: a fresh page costs 4 to 6 times the write that fills it (tensor/allocator.h).

#include <cstddef>

namespace aio::cpu {

/// Borrows a block from the calling thread's own list and gives it back at the end of the scope. Scopes may nest (a
/// thread that waits may be handed other work): each gets a block of its own. 64-byte aligned, contents unspecified.
/// Throws Error{oom}.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void* data_;
  std::size_t bytes_;        // as asked for
  std::size_t block_bytes_;  // of the block, at least that
};

}  // namespace aio::cpu
