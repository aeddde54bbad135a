#include "tensor/storage.h"

#include "tensor/allocator.h"

namespace aio {

Storage::Storage(Allocator& allocator, std::size_t bytes, Device device)
    : data_(bytes == 0 ? nullptr : allocator.allocate(bytes)), bytes_(bytes), device_(device), allocator_(&allocator) {}

Storage::Storage(void* data, std::size_t bytes, Device device, std::function<void()> release)
    : data_(data), bytes_(bytes), device_(device), release_(std::move(release)) {}

Storage::~Storage() {
  if (allocator_ != nullptr && data_ != nullptr) allocator_->deallocate(data_, bytes_);
  if (release_) release_();
}

}  // namespace aio
