#pragma once
// MediaRoot: the one folder that a manifest's media may lie in. A manifest may come from anywhere; what it names must
// not.

#include <string>

namespace aio {

class MediaRoot {
 public:
  /// Throws Error{io} when `folder` is not there: before training, not at every sample.
  MediaRoot(const std::string& folder, bool allow_outside);

  /// Canonical: without links, "." and "..".
  const std::string& path() const { return path_; }
  /// Canonical path of a regular file or a folder. Throws Error{value} for an empty or absolute path, one with ".." or
  /// a NUL, or one that links lead out of the root (the last four are accepted with allow_outside, but for the NUL);
  /// Error{io} when nothing is there or it is a pipe or a device.
  std::string resolve(const std::string& media) const;

 private:
  std::string path_;
  bool allow_outside_;
};

/// "shard.tar#key.mp4" -> {"shard.tar", "key.mp4"}, "images.arrow#17" -> {"images.arrow", "17"}; others have no member.
struct MediaName {
  std::string file;
  std::string member;
};
MediaName split_media(const std::string& media);

}  // namespace aio
