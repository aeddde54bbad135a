#include "data/media_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tensor/error.h"

namespace aio {

std::string to_string(const MediaSource& source) {
  if (source.offset == 0 && source.bytes < 0) return source.path;
  return message(source.path, " [", source.offset, ", +", source.bytes, "]");
}

// O_NONBLOCK: opening a pipe nobody writes to returns at once, to be refused. It means nothing for regular files.
MediaFile::MediaFile(const MediaSource& source)
    : name_(to_string(source)), descriptor_(open(source.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {
  check(source.path.find('\0') == std::string::npos, ErrorCode::io, "media: a path holds a zero byte");
  check(descriptor_ >= 0, ErrorCode::io, name_, ": cannot open it: ", std::strerror(errno));
  measure(source);
}

MediaFile::MediaFile(int descriptor, const MediaSource& source) : name_(to_string(source)), descriptor_(descriptor) {
  measure(source);
}

void MediaFile::measure(const MediaSource& source) {
  struct stat status {};
  const bool known = fstat(descriptor_, &status) == 0;
  const bool regular = known && S_ISREG(status.st_mode);
  const std::int64_t size = status.st_size;
  const std::int64_t rest = size - source.offset;
  const bool inside = source.offset >= 0 && source.offset <= size && source.bytes <= rest;
  if (!regular || !inside) close(std::exchange(descriptor_, -1));  // no destructor runs when a constructor throws
  check(regular, ErrorCode::io, name_, ": not a regular file; folders, pipes and devices are not read as media");
  check(inside, ErrorCode::io, name_, ": the file has only ", size, " bytes");
  offset_ = source.offset;
  bytes_ = source.bytes < 0 ? rest : source.bytes;
}

MediaFile::~MediaFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

MediaFile::MediaFile(MediaFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      offset_(other.offset_),
      bytes_(other.bytes_) {}

std::size_t MediaFile::read(void* destination, std::size_t count, std::int64_t position) const {
  if (position < 0 || position >= bytes_) return 0;
  count = std::min(count, static_cast<std::size_t>(bytes_ - position));
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = pread(descriptor_, static_cast<char*>(destination) + done, count - done,
                              offset_ + position + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    check(got >= 0, ErrorCode::io, name_, ": cannot read it: ", std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace aio
