#pragma once
// A video as a folder of pictures.

#include <string>
#include <vector>

#include "data/frame_source.h"
#include "data/media_source.h"

namespace aio {

struct PictureFolder {
  std::vector<MediaSource> pictures;  ///< in order
  double fps = 1;

  std::int64_t frames() const { return static_cast<std::int64_t>(pictures.size()); }
  /// As FrameSource::clip.
  FrameRange clip(double start, double end) const;
};

/// In a shard: the members from source.offset on that share the first one's name up to its first dot. Of a folder with
/// a pattern: the pictures numbered source.first, +1, ... until one is missing; else every .jpg, .jpeg and .png in
/// order of name, numbers compared as numbers (2.jpg before 10.jpg). A pattern has one "%d" or "%0Nd" and no slash.
/// Throws Error{io} for a folder that cannot be listed or has no such pictures, Error{config} for another pattern or a
/// rate that is not positive, Error{format} for a shard that is none there.
PictureFolder list_pictures(const MediaSource& source);

}  // namespace aio
