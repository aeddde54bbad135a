#include "cuda/emulation/memory.h"

#include <sys/mman.h>

#include <map>
#include <mutex>

namespace aio::emulation {

namespace {

struct Regions {
  std::mutex mutex;
  std::map<void*, std::size_t> bytes;
  int open = 0;
};

// Never destroyed: tensors in static storage give their memory back late.
Regions& regions() {
  static auto* const instance = new Regions;
  return *instance;
}

void protect(const Regions& r, int access) {
  for (const auto& [data, bytes] : r.bytes) mprotect(data, bytes, access);
}

}  // namespace

void* allocate_closed(std::size_t bytes) noexcept {
  Regions& r = regions();
  const std::scoped_lock lock(r.mutex);
  const int access = r.open > 0 ? PROT_READ | PROT_WRITE : PROT_NONE;
  void* const data = mmap(nullptr, bytes, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  r.bytes[data] = bytes;
  return data;
}

void release_closed(void* data) noexcept {
  Regions& r = regions();
  const std::scoped_lock lock(r.mutex);
  const auto region = r.bytes.find(data);
  munmap(data, region->second);
  r.bytes.erase(region);
}

DeviceAccess::DeviceAccess() {
  Regions& r = regions();
  const std::scoped_lock lock(r.mutex);
  if (r.open++ == 0) protect(r, PROT_READ | PROT_WRITE);
}

DeviceAccess::~DeviceAccess() {
  Regions& r = regions();
  const std::scoped_lock lock(r.mutex);
  if (--r.open == 0) protect(r, PROT_NONE);
}

}  // namespace aio::emulation
