#pragma once
// How much a file may ask for before it is refused. Files come from strangers; a header of a few bytes can claim any
// size.

#include <cstdint>

namespace aio {

struct MediaLimits {
  // Videos.
  std::int64_t video_pixels = std::int64_t{4096} * 4096;  ///< width * height; what FFmpeg's own fuzzing is held to
  int streams = 16;                                       ///< pictures, sound, subtitles together
  std::int64_t video_frames = 4'000'000;                  ///< 37 hours at 30 a second
  std::int64_t read_whole = 8 << 20;                      ///< bytes; of larger files only what is needed is read
  double wall_seconds = 10;                               ///< for opening and for one call of frames()
  double cpu_seconds = 5;                                 ///< the same; held by the decode service's workers only
  // Pictures.
  int image_side = 8192;
  std::int64_t image_pixels = 64'000'000;
  std::int64_t image_bytes = 64 << 20;  ///< of the encoded picture
  // Both.
  std::int64_t output_bytes = 512 << 20;   ///< of the frames asked for in one call
  std::int64_t worker_memory = 1LL << 30;  ///< address space of a decode worker
};

}  // namespace aio
