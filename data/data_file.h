#pragma once
// DataFile: how everything under data/ that reads a data set's files opens them. Regular files only, so that a pipe or
// a device named in a manifest cannot hang or flood the program; pread in place of mmap, so that a file that shrinks
// while training is an error and not a SIGBUS.

#include <cstddef>
#include <cstdint>
#include <string>

namespace aio {

class DataFile {
 public:
  /// Throws Error{io}: "path: cannot open: No such file or directory", "path: not a regular file".
  explicit DataFile(const std::string& path);
  ~DataFile();
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  const std::string& path() const { return path_; }
  /// When it was opened.
  std::uint64_t size() const { return size_; }
  /// Exactly `bytes` bytes from `offset`; from any thread. Throws Error{io} when the file ends before.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;
  std::string read(std::uint64_t offset, std::size_t bytes) const;
  /// At most `bytes` bytes, fewer only at the end of the file.
  std::size_t read_some(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole file. Throws Error{io}; Error{format} when it has more than `max_bytes`.
std::string read_file(const std::string& path, std::uint64_t max_bytes);

}  // namespace aio
