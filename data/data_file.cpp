#include "data/data_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tensor/error.h"

namespace aio {

DataFile::DataFile(const std::string& path) : path_(path) {
  // Non-blocking, because opening a pipe that nobody writes to would wait for ever.
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  check(descriptor_ >= 0, ErrorCode::io, path, ": cannot open: ", std::strerror(errno));
  struct stat status {};
  if (fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor_);
    fail(ErrorCode::io, path, ": not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

DataFile::~DataFile() { close(descriptor_); }

std::size_t DataFile::read_some(std::uint64_t offset, void* to, std::size_t bytes) const {
  auto* next = static_cast<char*>(to);
  std::size_t left = bytes;
  while (left > 0) {
    const ssize_t got =
        pread(descriptor_, next, std::min(left, std::size_t{1} << 30), static_cast<off_t>(offset + (bytes - left)));
    if (got < 0 && errno == EINTR) continue;
    check(got >= 0, ErrorCode::io, path_, ": cannot read: ", std::strerror(errno));
    if (got == 0) break;
    next += got;
    left -= static_cast<std::size_t>(got);
  }
  return bytes - left;
}

void DataFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  const std::size_t got = read_some(offset, to, bytes);
  check(got == bytes, ErrorCode::io, path_, ": got ", got, " of ", bytes, " bytes at ", offset,
        ": the file is cut short or was changed while it was open");
}

std::string DataFile::read(std::uint64_t offset, std::size_t bytes) const {
  check(offset <= size_ && bytes <= size_ - offset, ErrorCode::io, path_, ": bytes ", offset, " to ", offset + bytes,
        " were asked for, the file has ", size_);
  std::string text(bytes, '\0');
  read(offset, text.data(), bytes);
  return text;
}

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  const DataFile file(path);
  check(file.size() <= max_bytes, ErrorCode::format, path, ": has ", file.size(), " bytes, at most ", max_bytes,
        " are read");
  return file.read(0, static_cast<std::size_t>(file.size()));
}

}  // namespace aio
