#pragma once
// Where a video or a picture lies: a file, a part of a file (a member of a tar shard, a cell of an Arrow table), or a
// folder of numbered pictures.

#include <cstdint>
#include <string>

namespace aio {

struct MediaSource {
  std::string path;         ///< of a file or a folder
  std::int64_t offset = 0;  ///< the media's first byte in the file
  std::int64_t bytes = -1;  ///< its length; negative: to the end of the file

  // For folders only.
  std::string pattern{};   ///< "%05d.jpg": the pictures' names by number; empty: all .jpg, .jpeg, .png in order of name
  std::int64_t first = 0;  ///< number of the first picture of a pattern
  double fps = 1;          ///< pictures per second, to cut clips by time
};

/// The path, and "[offset, +bytes]" behind it for a part of a file: how messages name the source.
std::string to_string(const MediaSource& source);

}  // namespace aio
