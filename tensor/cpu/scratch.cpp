#include "tensor/cpu/scratch.h"

#include <vector>

#include "tensor/allocator.h"
#include "tensor/error.h"
#include "tensor/poison.h"

namespace aio::cpu {

namespace {

struct Block {
  void* data = nullptr;
  std::size_t bytes = 0;
};

MemorySource& pages() {
  static const auto source = system_memory().release();  // never destroyed: threads may end after static objects do
  return *source;
}

void release(const Block& block) {
  unpoison(block.data, block.bytes);
  pages().release(block.data, block.bytes);
}

/// The blocks of one thread that nobody uses now; poisoned.
struct FreeList {
  std::vector<Block> blocks;
  ~FreeList() {
    for (const Block& block : blocks) release(block);
  }
};

thread_local FreeList free_list;

}  // namespace

Scratch::Scratch(std::size_t bytes) {
  Block block;
  if (!free_list.blocks.empty()) {
    block = free_list.blocks.back();
    free_list.blocks.pop_back();
  }
  if (block.bytes < bytes || block.data == nullptr) {
    if (block.data != nullptr) release(block);
    constexpr std::size_t kGrain = std::size_t{1} << 20;  // rounding up: shapes that differ a little share a block
    block.bytes = (bytes / kGrain + 1) * kGrain;
    block.data = pages().acquire(block.bytes);
    check(block.data != nullptr, ErrorCode::oom, "scratch: no memory for ", block.bytes, " bytes");
    poison(block.data, block.bytes);
  }
  unpoison(block.data, bytes);
  data_ = block.data;
  bytes_ = bytes;
  block_bytes_ = block.bytes;
}

Scratch::~Scratch() {
  poison(data_, bytes_);
  free_list.blocks.push_back({data_, block_bytes_});
}

}  // namespace aio::cpu
