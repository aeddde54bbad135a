#include "tensor/allocator.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/expect_error.h"

namespace aio {
namespace {

/// malloc with a budget, and a count of what is out.
class LimitedMemory final : public MemorySource {
 public:
  explicit LimitedMemory(std::size_t budget, std::size_t& used) : budget_(budget), used_(used) {}
  void* acquire(std::size_t bytes) noexcept override {
    if (used_ + bytes > budget_) return nullptr;
    used_ += bytes;
    return std::aligned_alloc(64, bytes);
  }
  void release(void* data, std::size_t bytes) noexcept override {
    used_ -= bytes;
    std::free(data);
  }

 private:
  std::size_t budget_;
  std::size_t& used_;
};

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST_CASE("allocator: blocks are 64-byte aligned, distinct and writable at every size") {
  const auto allocator = make_caching_allocator(system_memory());
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t size = 1; size < 64 * kMiB; size = size * 3 + 1) {
    void* const data = allocator->allocate(size);
    CHECK(reinterpret_cast<std::uintptr_t>(data) % 64 == 0);
    std::memset(data, static_cast<int>(blocks.size()), size);
    blocks.emplace_back(data, size);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto* const bytes = static_cast<const unsigned char*>(blocks[i].first);
    CHECK(bytes[0] == i);
    CHECK(bytes[blocks[i].second - 1] == i);
    allocator->deallocate(blocks[i].first, blocks[i].second);
  }
  CHECK(allocator->stats().current == 0);
}

TEST_CASE("allocator: a freed block is reused, for slightly smaller requests too") {
  const auto allocator = make_caching_allocator(system_memory());
  void* const large = allocator->allocate(10 * kMiB);
  allocator->deallocate(large, 10 * kMiB);
  CHECK(allocator->allocate(9 * kMiB) == large);
  allocator->deallocate(large, 9 * kMiB);
  void* const half = allocator->allocate(5 * kMiB);  // would waste half of it
  CHECK(half != large);
  allocator->deallocate(half, 5 * kMiB);
  void* const small = allocator->allocate(100);
  allocator->deallocate(small, 100);
  CHECK(allocator->allocate(512) == small);
  allocator->deallocate(small, 512);
  CHECK(allocator->stats().cache_hits == 2);
}

TEST_CASE("allocator: statistics follow every step and end at zero") {
  const auto allocator = make_caching_allocator(system_memory());
  void* const a = allocator->allocate(4 * kMiB);
  void* const b = allocator->allocate(2 * kMiB);
  CHECK(allocator->stats().current == 6 * kMiB);
  allocator->deallocate(a, 4 * kMiB);
  CHECK(allocator->stats().current == 2 * kMiB);
  CHECK(allocator->stats().peak == 6 * kMiB);
  CHECK(allocator->stats().cached == 4 * kMiB);
  allocator->reset_peak();
  CHECK(allocator->stats().peak == 2 * kMiB);
  allocator->trim();
  CHECK(allocator->stats().cached == 0);
  allocator->deallocate(b, 2 * kMiB);
}

TEST_CASE("allocator: when the source is dry the cache is given back and the request tried again") {
  std::size_t used = 0;
  {
    const auto allocator = make_caching_allocator(std::make_unique<LimitedMemory>(20 * kMiB, used));
    void* const a = allocator->allocate(12 * kMiB);
    EXPECT_ERROR(allocator->allocate(12 * kMiB), oom, "the system has no 12582912 bytes left (live 12582912");
    allocator->deallocate(a, 12 * kMiB);
    void* const b = allocator->allocate(18 * kMiB);  // only fits once the cached 12 MiB are gone
    allocator->deallocate(b, 18 * kMiB);
    EXPECT_ERROR(allocator->allocate(std::size_t{1} << 60), oom, "64-bit");
    EXPECT_ERROR(allocator->allocate(30 * kMiB), oom, "use a smaller batch");
    void* const c = allocator->allocate(kMiB);
    allocator->deallocate(c, kMiB);
  }
  CHECK(used == 0);
}

TEST_CASE("allocator: threads may share it") {
  const auto allocator = make_caching_allocator(system_memory());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 2000; ++i) {
        const std::size_t size = (i * 7919) % (3 * kMiB) + 1;
        auto* const data = static_cast<char*>(allocator->allocate(size));
        data[0] = static_cast<char>(t);
        data[size - 1] = static_cast<char>(t);
        if (data[0] != static_cast<char>(t)) std::abort();  // doctest's checks are not for hot threads
        allocator->deallocate(data, size);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(allocator->stats().current == 0);
}

}  // namespace
}  // namespace aio
