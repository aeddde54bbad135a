#include "tensor/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <mutex>
#include <vector>

#include "tensor/error.h"
#include "tensor/poison.h"

namespace aio {

namespace {

constexpr std::size_t kSmallStep = 512;  // rounding of blocks below kLarge
constexpr std::size_t kLarge = std::size_t{1} << 20;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kSlab = kHugePage;  // small blocks are cut from slabs of this size

/// Small blocks in steps of 512 B, large ones in eighths of their power of two: at most 12.5 % waste, few sizes.
std::size_t round_size(std::size_t bytes) {
  const std::size_t step = bytes < kLarge ? kSmallStep : std::max(std::bit_floor(bytes) / 8, kSmallStep);
  return (bytes + step - 1) / step * step;
}

class SystemMemory final : public MemorySource {
 public:
  void* acquire(std::size_t bytes) noexcept override {
    if (bytes < kHugePage) return map(bytes);
    // Over-map and trim, so that the block starts on a huge page.
    const std::size_t padded = bytes + kHugePage;
    if (padded < bytes) return nullptr;
    auto* const start = static_cast<char*>(map(padded));
    if (start == nullptr) return nullptr;
    const auto misfit = std::bit_cast<std::uintptr_t>(start) % kHugePage;
    const std::size_t head = misfit == 0 ? 0 : kHugePage - misfit;
    if (head > 0) munmap(start, head);
    const std::size_t mapped = (bytes + kPage - 1) / kPage * kPage;
    if (padded > head + mapped) munmap(start + head + mapped, padded - head - mapped);
    madvise(start + head, mapped, MADV_HUGEPAGE);
    return start + head;
  }
  void release(void* data, std::size_t bytes) noexcept override { munmap(data, (bytes + kPage - 1) / kPage * kPage); }

 private:
  static constexpr std::size_t kPage = 4096;
  static void* map(std::size_t bytes) {
    void* const data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return data == MAP_FAILED ? nullptr : data;
  }
};

/// Small blocks (< 1 MiB) are cut from 2 MiB slabs and kept in one list a size: O(1), nothing is ever merged.
/// Large blocks come one by one from the source and are kept ordered by size; the smallest that fits is reused.
class CachingAllocator final : public Allocator {
 public:
  CachingAllocator(std::unique_ptr<MemorySource> source, Freed freed) : source_(std::move(source)), freed_(freed) {}
  ~CachingAllocator() override {
    trim();
    for (void* slab : slabs_) {
      unpoison(slab, kSlab);
      source_->release(slab, kSlab);
    }
  }
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  void* allocate(std::size_t bytes) override {
    check(bytes <= kMaxRequest, ErrorCode::oom, "allocator: ", bytes, " bytes were asked for, more than a 64-bit ",
          "address space has");
    const std::size_t size = round_size(std::max<std::size_t>(bytes, 1));
    const std::scoped_lock lock(mutex_);
    ++stats_.allocations;
    void* const data = size < kLarge ? allocate_small(size) : allocate_large(size);
    if (data == nullptr) {
      fail(ErrorCode::oom, "allocator: the system has no ", size, " bytes left (live ", stats_.current, ", peak ",
           stats_.peak, ", cached ", stats_.cached, "): use a smaller batch or fewer frames");
    }
    unpoison(data, bytes);
    return data;
  }

  void deallocate(void* data, std::size_t bytes) noexcept override {
    const std::size_t size = round_size(std::max<std::size_t>(bytes, 1));
    const std::scoped_lock lock(mutex_);
    close(data, bytes);
    if (size < kLarge) {
      small_[size / kSmallStep].push_back(data);
      stats_.current -= size;
      stats_.cached += size;
    } else {
      const auto live = live_large_.find(data);
      const std::size_t block = live->second;
      live_large_.erase(live);
      free_large_.emplace(block, data);
      stats_.current -= block;
      stats_.cached += block;
    }
  }

  MemoryStats stats() const override {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }
  void reset_peak() override {
    const std::scoped_lock lock(mutex_);
    stats_.peak = stats_.current;
  }
  void trim() override {
    const std::scoped_lock lock(mutex_);
    release_free_blocks();
  }

 private:
  static constexpr std::size_t kMaxRequest = std::size_t{1} << 47;  // user address space of x86-64

  void close(void* data, std::size_t bytes) const {
    if (freed_ == Freed::closed) poison(data, bytes);
  }

  void* allocate_small(std::size_t size) {
    auto& list = small_[size / kSmallStep];
    if (!list.empty()) {
      void* const data = list.back();
      list.pop_back();
      stats_.cached -= size;
      ++stats_.cache_hits;
      took(size);
      return data;
    }
    if (slab_left_ < size) {
      if (!new_slab()) return nullptr;
    } else {
      ++stats_.cache_hits;
    }
    void* const data = slab_;
    slab_ += size;
    slab_left_ -= size;
    stats_.cached -= size;
    took(size);
    return data;
  }

  bool new_slab() {
    // The rest of the old slab becomes one small block.
    if (slab_left_ >= kSmallStep) small_[slab_left_ / kSmallStep].push_back(slab_);
    void* slab = source_->acquire(kSlab);
    if (slab == nullptr) {
      release_free_blocks();
      slab = source_->acquire(kSlab);
      if (slab == nullptr) {
        slab_left_ = 0;
        return false;
      }
    }
    slabs_.push_back(slab);
    slab_ = static_cast<char*>(slab);
    close(slab, kSlab);
    slab_left_ = kSlab;
    stats_.cached += kSlab;
    return true;
  }

  void* allocate_large(std::size_t size) {
    const auto fit = free_large_.lower_bound(size);
    if (fit != free_large_.end() && fit->first <= size + size / 4) {
      const auto [block, data] = *fit;
      free_large_.erase(fit);
      stats_.cached -= block;
      ++stats_.cache_hits;
      live_large_.emplace(data, block);
      took(block);
      return data;
    }
    void* data = source_->acquire(size);
    if (data == nullptr) {
      release_free_blocks();
      data = source_->acquire(size);
      if (data == nullptr) return nullptr;
    }
    close(data, size);
    live_large_.emplace(data, size);
    took(size);
    return data;
  }

  void took(std::size_t size) {
    stats_.current += size;
    stats_.peak = std::max(stats_.peak, stats_.current);
  }

  void release_free_blocks() {
    for (const auto& [block, data] : free_large_) {
      unpoison(data, block);
      source_->release(data, block);
      stats_.cached -= block;
    }
    free_large_.clear();
  }

  std::unique_ptr<MemorySource> source_;
  const Freed freed_;
  mutable std::mutex mutex_;
  std::array<std::vector<void*>, kLarge / kSmallStep> small_;
  std::vector<void*> slabs_;
  char* slab_ = nullptr;
  std::size_t slab_left_ = 0;
  std::multimap<std::size_t, void*> free_large_;
  std::map<void*, std::size_t> live_large_;
  MemoryStats stats_;
};

}  // namespace

std::unique_ptr<MemorySource> system_memory() { return std::make_unique<SystemMemory>(); }

std::unique_ptr<Allocator> make_caching_allocator(std::unique_ptr<MemorySource> source, Freed freed) {
  return std::make_unique<CachingAllocator>(std::move(source), freed);
}

}  // namespace aio
