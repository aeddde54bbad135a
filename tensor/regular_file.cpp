#include "tensor/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tensor/error.h"

namespace aio {

int open_regular_file(const std::string& path, const std::string& name) {
  check(path.find('\0') == std::string::npos, ErrorCode::io, name.substr(0, name.find('\0')),
        ": the path holds a zero byte");
  // O_NONBLOCK: opening a pipe returns at once, to be refused. It means nothing for regular files.
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  check(descriptor >= 0, ErrorCode::io, name, ": cannot open: ", std::strerror(errno));
  try {
    regular_file_bytes(descriptor, name);
  } catch (...) {
    close(descriptor);
    throw;
  }
  return descriptor;
}

std::int64_t regular_file_bytes(int descriptor, const std::string& name) {
  struct stat status {};
  const bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  check(regular, ErrorCode::io, name, ": not a regular file");
  return status.st_size;
}

std::size_t read_at(int descriptor, void* to, std::size_t bytes, std::int64_t offset, const std::string& name) {
  constexpr std::size_t kMaxRead = std::size_t{1} << 30;  // Linux gives no more than 2 GiB at once
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got = pread(descriptor, static_cast<char*>(to) + done, std::min(bytes - done, kMaxRead),
                              offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    check(got >= 0, ErrorCode::io, name, ": cannot read: ", std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace aio
