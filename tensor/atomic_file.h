#pragma once
// AtomicFile: a file that appears whole or not at all.
//
// Bytes go to a temporary file beside the target; commit() flushes it to the disk, renames it over the target and
// flushes the folder. A crash, a full disk or an exception before that leaves the old file as it was. Readers that have
// the old file mapped keep its bytes: the rename gives the name a new inode.

#include <cstddef>
#include <string>
#include <string_view>

namespace aio {

class AtomicFile {
 public:
  /// Opens a temporary file in the folder of `path`. Throws Error{io}.
  explicit AtomicFile(std::string path);
  /// Without commit(): removes the temporary file.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws Error{io} ("No space left on device").
  void write(const void* data, std::size_t bytes);
  /// fsync, rename, fsync of the folder. Throws Error{io}; then the old file is untouched, unless the last step failed:
  /// then the new file is in place and a power loss may undo that.
  void commit();

 private:
  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

/// A whole file at once. Throws as AtomicFile.
void write_atomically(const std::string& path, std::string_view bytes);

}  // namespace aio
