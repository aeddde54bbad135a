#pragma once
// DecodeCache: decoded clips kept in memory, for data sets that fit. A clip (a file, or seconds of one) is decoded
// whole once; later epochs draw their frames from it. What is drawn does not change: only the time it takes.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "data/loader_options.h"

namespace aio {

class DecodeCache {
 public:
  /// `decode` answers what is not kept. Clips are kept until `max_bytes` of frames are; then no further ones.
  DecodeCache(DecodeFunction decode, std::int64_t max_bytes);

  /// As `decode`. Clips named by a window of a file are passed on. From any thread.
  DecodeResult decode(const DecodeRequest& request);

  struct Counts {
    std::int64_t hits = 0, kept = 0, bytes = 0;
  };
  Counts counts() const;

 private:
  struct Clip {
    FrameSourceInfo info;
    FrameRange range;  ///< of the file
    Tensor frames;     ///< u8 [range.count, H, W, 3]
  };
  bool find(const std::string& name, Clip& clip);

  DecodeFunction decode_;
  std::int64_t max_bytes_;
  mutable std::mutex mutex_;
  std::map<std::string, Clip> clips_;
  Counts counts_;
};

}  // namespace aio
