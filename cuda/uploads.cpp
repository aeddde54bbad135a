#include "cuda/uploads.h"

#include <mutex>

#include "tensor/error.h"

namespace aio::cuda {

namespace {

struct Block {
  void* data = nullptr;
  std::size_t bytes = 0;
  Event arrived = nullptr, used = nullptr;
};

void free_block(const Block& block) noexcept {
  release(block.data);
  destroy(block.arrived);
  destroy(block.used);
}

}  // namespace

/// Blocks that no tensor has, the one given back first in front.
struct Uploads::Pool {
  ~Pool() { clear(); }

  void clear() {
    for (const Block& block : blocks) free_block(block);
    blocks.clear();
  }

  /// One that no kernel uses any more; else a new one, up to two of a size beside those in use; else one to wait for.
  Block take(std::size_t bytes, Allocator& others) {
    const std::scoped_lock lock(mutex);
    auto any = blocks.end(), idle = blocks.end();
    int fitting = 0;
    for (auto block = blocks.begin(); block != blocks.end() && idle == blocks.end(); ++block) {
      if (block->bytes != bytes) continue;
      if (any == blocks.end()) any = block;
      if (has_passed(block->used)) idle = block;
      ++fitting;
    }
    const auto found = idle != blocks.end() || fitting < 2 ? idle : any;
    if (found == blocks.end()) return make(bytes, others);
    const Block block = *found;
    blocks.erase(found);
    return block;
  }

  Block make(std::size_t bytes, Allocator& others) {
    void* data = allocate(bytes);
    if (data == nullptr) {  // blocks of other sizes, and what the allocator keeps
      clear();
      others.trim();
      data = allocate(bytes);
    }
    check(data != nullptr, ErrorCode::oom, "cuda: no memory for ", bytes, " bytes from the host");
    return {data, bytes, create_event(), create_event()};
  }

  std::mutex mutex;
  std::vector<Block> blocks;
};

Uploads::Uploads(Allocator& others) : others_(others), pool_(std::make_shared<Pool>()), stream_(create_stream()) {}
Uploads::~Uploads() = default;

std::shared_ptr<Storage> Uploads::upload(const void* host, std::size_t bytes, Device device, Stream kernels) {
  const Block block = pool_->take(bytes, others_);
  wait(block.used, stream_);
  staging_.copy(block.data, host, bytes, stream_);
  record(block.arrived, stream_);
  wait(block.arrived, kernels);
  const auto give_back = [pool = pool_, block, device, kernels]() noexcept {
    try {
      use_device(device.index);
      record(block.used, kernels);
      const std::scoped_lock lock(pool->mutex);
      pool->blocks.push_back(block);
    } catch (const Error&) {  // of a device that has failed, as somebody is about to be told; the block is lost
    }
  };
  return std::make_shared<Storage>(block.data, bytes, device, give_back);
}

}  // namespace aio::cuda
