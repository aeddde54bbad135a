#pragma once
// Where a video or a picture lies: a file, a part of a file (a member of a tar shard, a cell of an Arrow table), or a
// folder of numbered pictures, which a tar shard may hold, too.

#include <cstdint>
#include <string>

namespace aio {

struct MediaSource {
  std::string path;         ///< of a file or a folder
  std::int64_t offset = 0;  ///< the media's first byte in the file
  std::int64_t bytes = -1;  ///< its length; negative: to the end of the file

  // For folders of pictures only.
  std::string pattern{};   ///< "%05d.jpg": the pictures' names by number; empty: all .jpg, .jpeg, .png in order of name
  std::int64_t first = 0;  ///< number of the first picture of a pattern
  double fps = 1;          ///< pictures per second, to cut clips by time
  bool in_shard = false;   ///< `path` is no folder but a shard; the pictures are its members from that at `offset` on
};

/// The path, and "[offset, +bytes]" behind it for a part of a file: how messages name the source.
std::string to_string(const MediaSource& source);

}  // namespace aio
