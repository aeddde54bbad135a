#include "cuda/emulation/shared_memory.h"

#include <algorithm>
#include <cstring>

namespace aio::emulation {

namespace {

constexpr std::size_t kAlign = 128;
constexpr std::size_t kCell = 2;  // bytes: the smallest element is a bf16

std::size_t round_up(std::size_t n, std::size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// True if what `then` did is seen by `now`.
bool ordered(const Moment& then, const Moment& now) {
  return then.thread == now.thread || then.barrier < now.barrier ||
         (then.warp == now.warp && then.warp_barrier < now.warp_barrier);
}

}  // namespace

SharedMemory::SharedMemory() : memory_(kMost + 2 * kAlign), cells_(kMost / kCell + kAlign) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
  base_ = memory_.data() + (round_up(address, kAlign) - address);
}

void SharedMemory::reset(std::size_t dynamic_bytes) {
  // Not a number in every floating type. Only what the last block used can be anything else.
  std::fill_n(base_, std::max(used_, dynamic_bytes), std::byte{0xFF});
  ++block_;
  dynamic_bytes_ = dynamic_bytes;
  used_ = round_up(dynamic_bytes, kAlign);
  arrays_.clear();
}

std::byte* SharedMemory::array(const void* key, std::size_t bytes) {
  if (key == nullptr) return base_;
  const auto known =
      std::find_if(arrays_.begin(), arrays_.end(), [&](const auto& entry) { return entry.first == key; });
  if (known != arrays_.end()) return known->second;
  if (used_ + bytes > kMost) return nullptr;
  std::byte* const place = base_ + used_;
  std::fill_n(place, bytes, std::byte{0xFF});
  used_ = round_up(used_ + bytes, kAlign);
  arrays_.emplace_back(key, place);
  return place;
}

SharedMemory::Cell& SharedMemory::cell(const std::byte* data) {
  Cell& cell = cells_[static_cast<std::size_t>(data - base_) / kCell];
  if (cell.block != block_) {
    cell = {};
    cell.block = block_;
  }
  return cell;
}

const char* SharedMemory::read(const std::byte* data, std::size_t bytes, const Moment& now) {
  for (std::size_t i = 0; i < bytes; i += kCell) {
    Cell& c = cell(data + i);
    if (!c.written) return "reads shared memory that no thread has written";
    if (!ordered(c.writer, now)) return "reads shared memory that another thread writes, with no barrier between";
    if (c.read && !ordered(c.reader, now)) {
      c.many_readers = true;
      c.many_reading_warps |= c.reader.warp != now.warp;
    } else if (!c.read || c.reader.barrier < now.barrier) {
      c.many_readers = c.many_reading_warps = false;
    }
    c.read = true;
    c.reader = now;
  }
  return nullptr;
}

const char* SharedMemory::write(const std::byte* data, std::size_t bytes, const Moment& now) {
  for (std::size_t i = 0; i < bytes; i += kCell) {
    Cell& c = cell(data + i);
    if (c.written && !ordered(c.writer, now))
      return "writes shared memory that another thread writes, with no barrier between";
    if (c.read && c.reader.barrier == now.barrier) {
      const bool after_warp = c.reader.warp == now.warp && c.reader.warp_barrier < now.warp_barrier;
      const bool own = c.reader.thread == now.thread && !c.many_readers;
      if (c.many_reading_warps || !(own || after_warp))
        return "writes shared memory that another thread reads, with no barrier between";
    }
    c.written = true;
    c.writer = now;
  }
  return nullptr;
}

}  // namespace aio::emulation
