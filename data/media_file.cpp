#include "data/media_file.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "data/stopwatch.h"
#include "tensor/error.h"
#include "tensor/regular_file.h"

namespace aio {

std::string to_string(const MediaSource& source) {
  if (source.offset == 0 && source.bytes < 0) return source.path;
  return message(source.path, " [", source.offset, ", +", source.bytes, "]");
}

MediaFile::MediaFile(const MediaSource& source)
    : MediaFile(open_regular_file(source.path, to_string(source)), source) {}

MediaFile::MediaFile(int descriptor, const MediaSource& source) : name_(to_string(source)), descriptor_(descriptor) {
  try {
    const std::int64_t size = regular_file_bytes(descriptor_, name_);
    const bool inside = source.offset >= 0 && source.offset <= size && source.bytes <= size - source.offset;
    check(inside, ErrorCode::io, name_, ": the file has only ", size, " bytes");
    offset_ = source.offset;
    bytes_ = source.bytes < 0 ? size - offset_ : source.bytes;
  } catch (...) {
    close(descriptor_);  // no destructor runs when a constructor throws
    throw;
  }
}

MediaFile::~MediaFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

MediaFile::MediaFile(MediaFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      offset_(other.offset_),
      bytes_(other.bytes_),
      read_seconds_(other.read_seconds_) {}

std::size_t MediaFile::read(void* destination, std::size_t count, std::int64_t position) const {
  if (position < 0 || position >= bytes_) return 0;
  count = std::min(count, static_cast<std::size_t>(bytes_ - position));
  Stopwatch watch;
  const std::size_t done = read_at(descriptor_, destination, count, offset_ + position, name_);
  read_seconds_ += watch.lap();
  return done;
}

}  // namespace aio
