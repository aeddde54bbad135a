#pragma once
// Storage: the bytes under one or more tensors, with a version that every in-place write raises.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "tensor/device.h"

namespace aio {

class Allocator;

class Storage {
 public:
  /// Takes `bytes` from `allocator` and gives them back on destruction.
  Storage(Allocator& allocator, std::size_t bytes, Device device);
  /// Adopts foreign memory (a mapped file); `release` runs on destruction.
  Storage(void* data, std::size_t bytes, Device device, std::function<void()> release);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

  /// Number of in-place writes so far; SavedTensor compares it (autograd/node.h).
  std::uint64_t version() const { return version_; }
  void bump_version() { ++version_; }

 private:
  void* data_;
  std::size_t bytes_;
  Device device_;
  std::uint64_t version_ = 0;
  Allocator* allocator_ = nullptr;
  std::function<void()> release_;
};

}  // namespace aio
