#pragma once
// Device memory for the length of a call: partial sums between two kernels. It may be given back as soon as the last
// kernel that uses it is launched, since all work of a device runs in one order.

#include <cstddef>

#include "tensor/allocator.h"

namespace aio::cuda {

class Scratch {
 public:
  Scratch(Allocator& allocator, std::size_t bytes)
      : allocator_(allocator), data_(bytes == 0 ? nullptr : allocator.allocate(bytes)), bytes_(bytes) {}
  ~Scratch() {
    if (data_ != nullptr) allocator_.deallocate(data_, bytes_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  Allocator& allocator_;
  void* data_;
  std::size_t bytes_;
};

}  // namespace aio::cuda
