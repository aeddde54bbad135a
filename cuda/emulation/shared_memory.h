#pragma once
// The shared memory of a block, with a note beside every two bytes of who wrote and read them last: two threads may
// touch one element, one of them writing, only with a barrier in between.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace aio::emulation {

/// When and by whom: `barrier` counts the block's __syncthreads, `warp_barrier` the warp's __syncwarp.
struct Moment {
  int thread = 0;
  int warp = 0;
  std::uint32_t barrier = 0;
  std::uint32_t warp_barrier = 0;
};

class SharedMemory {
 public:
  static constexpr std::size_t kMost = 232448;  // bytes a block may have on an H100 (227 KiB)

  SharedMemory();
  /// A new block: nothing is written.
  void reset(std::size_t dynamic_bytes);
  /// The array of `key`, placed at its first use; nullptr: the dynamic part. Null where there is no room.
  std::byte* array(const void* key, std::size_t bytes);
  std::size_t dynamic_bytes() const { return dynamic_bytes_; }

  /// Text of what is wrong with the access, or nullptr.
  const char* read(const std::byte* data, std::size_t bytes, const Moment& now);
  const char* write(const std::byte* data, std::size_t bytes, const Moment& now);

 private:
  struct Cell {
    std::uint32_t block = 0;  // the notes are of this block, else void
    bool written = false, read = false, many_readers = false, many_reading_warps = false;
    Moment writer, reader;
  };
  Cell& cell(const std::byte* data);

  std::vector<std::byte> memory_;
  std::vector<Cell> cells_;
  std::byte* base_;
  std::size_t used_ = 0;
  std::size_t dynamic_bytes_ = 0;
  std::uint32_t block_ = 0;
  std::vector<std::pair<const void*, std::byte*>> arrays_;
};

}  // namespace aio::emulation
