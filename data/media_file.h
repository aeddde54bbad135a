#pragma once
// MediaFile: a regular file, or a part of one, open for reading at any place; the one way in which media are opened.

#include <cstddef>
#include <cstdint>
#include <string>

#include "data/media_source.h"

namespace aio {

class MediaFile {
 public:
  /// Throws Error{io} unless the path is a regular file that holds the range: folders, pipes, sockets and devices are
  /// refused without waiting for them. Symbolic links are followed; who confines paths to a folder does so before.
  explicit MediaFile(const MediaSource& source);
  /// Takes over an open descriptor of a regular file.
  MediaFile(int descriptor, const MediaSource& source);
  ~MediaFile();
  MediaFile(MediaFile&& other) noexcept;
  MediaFile(const MediaFile&) = delete;
  MediaFile& operator=(const MediaFile&) = delete;

  const std::string& name() const { return name_; }  ///< for messages
  int descriptor() const { return descriptor_; }
  std::int64_t offset() const { return offset_; }
  std::int64_t bytes() const { return bytes_; }

  /// Up to `count` bytes at `position` of the part; fewer only at its end. A file that shrank meanwhile ends early: it
  /// is read, not mapped, so that this is no crash. Throws Error{io}.
  /// Not from two threads at once.
  std::size_t read(void* destination, std::size_t count, std::int64_t position) const;
  /// That read() took so far, waiting for a disk or copying from the cache of it.
  double read_seconds() const { return read_seconds_; }

 private:
  std::string name_;
  int descriptor_ = -1;
  std::int64_t offset_ = 0;
  std::int64_t bytes_ = 0;
  mutable double read_seconds_ = 0;
};

}  // namespace aio
