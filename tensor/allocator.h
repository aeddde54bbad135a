#pragma once
// Memory for tensor storage. CachingAllocator keeps freed blocks: fresh pages cost 4 to 6 times the write that follows
// (docs/design.md, Memory), so a training step must not ask the system for any.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace aio {

struct MemoryStats {
  std::size_t current = 0;      ///< bytes handed out now (after rounding to block sizes)
  std::size_t peak = 0;         ///< the largest `current` since the last reset
  std::size_t cached = 0;       ///< bytes kept for reuse
  std::size_t allocations = 0;  ///< allocate() calls
  std::size_t cache_hits = 0;   ///< of which served without asking the system
};

class Allocator {
 public:
  virtual ~Allocator() = default;
  /// At least `bytes` bytes, 64-byte aligned. Never nullptr: throws Error{oom} with the byte count and the statistics.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void deallocate(void* data, std::size_t bytes) noexcept = 0;
  virtual MemoryStats stats() const = 0;
  virtual void reset_peak() = 0;
  /// Returns cached blocks to the system (make_caching_allocator: the large ones).
  virtual void trim() = 0;
};

/// Where a CachingAllocator gets fresh memory from: the system's pages, cudaMalloc, or a test that refuses.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  virtual void* acquire(std::size_t bytes) noexcept = 0;  ///< nullptr when there is none
  virtual void release(void* data, std::size_t bytes) noexcept = 0;
};

/// Anonymous pages, huge pages advised from 2 MiB up.
std::unique_ptr<MemorySource> system_memory();

/// Whether a use of blocks that have been given back is an error, which a build with AddressSanitizer reports. Those of
/// a recording stay open: its replays use them again.
enum class Freed { closed, open };

/// Blocks below 1 MiB (rounded to 512 B) are cut from 2 MiB slabs and kept in one list a size; larger ones (rounded to
/// an eighth of their power of two) are reused for requests of at least 4/5 of their size. When the source has no more,
/// every cached large block is given back and the request tried once more. Slabs are kept to the end. Thread safe.
std::unique_ptr<Allocator> make_caching_allocator(std::unique_ptr<MemorySource> source, Freed freed = Freed::closed);

}  // namespace aio
