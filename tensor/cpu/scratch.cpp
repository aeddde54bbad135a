#include "tensor/cpu/scratch.h"

#include <utility>
#include <vector>

#include "tensor/allocator.h"
#include "tensor/error.h"

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

/// The blocks of one thread that nobody uses now.
struct FreeList {
  std::vector<Block> blocks;
  ~FreeList() {
    for (const Block& block : blocks) pages().release(block.data, block.bytes);
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
    if (block.data != nullptr) pages().release(block.data, block.bytes);
    constexpr std::size_t kGrain = std::size_t{1} << 20;  // rounding up: shapes that differ a little share a block
    block.bytes = (bytes / kGrain + 1) * kGrain;
    block.data = pages().acquire(block.bytes);
    check(block.data != nullptr, ErrorCode::oom, "scratch: no memory for ", block.bytes, " bytes");
  }
  data_ = std::exchange(block.data, nullptr);
  bytes_ = block.bytes;
}

Scratch::~Scratch() { free_list.blocks.push_back({data_, bytes_}); }

}  // namespace aio::cpu
