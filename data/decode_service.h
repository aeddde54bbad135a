#pragma once
// DecodeService: decoding apart from the program. Each request is worked on by one of a few worker processes that have
// no file but the one they are handed, no network, and limits on time and memory. A file that crashes the decoder or
// hangs it costs a request, not the run.
//
// This process opens the file and hands the descriptor over; frames come back through memory shared with the worker.
// Why processes and not threads, and what it costs: docs/video.md.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/frame_sampling.h"
#include "data/frame_source.h"
#include "data/media_limits.h"
#include "data/media_source.h"

namespace aio {

struct DecodeRequest {
  MediaSource source;

  // Which frames (at most 4096): `indices` if there are any, else `count` of them sampled from [start, end) seconds.
  // count = 0: none, only the info (that is how `aio_data check` may ask; it decodes nothing).
  std::vector<std::int64_t> indices;
  std::int64_t count = 0;
  SampleMode mode = SampleMode::uniform;
  RngKey key;
  Compat compat = Compat::fixed;
  double start = 0;
  double end = 0;  ///< <= start: to the end of the file
  /// Above 0: sample from this many frames around `window_centre` instead of from [start, end).
  std::int64_t window = 0;
  std::int64_t window_centre = 0;

  FrameSize size;  ///< {0, 0}: native
};

/// Why there are no frames.
enum class DecodeFault {
  none,
  request,  ///< asks for frames that are not there
  io,       ///< no such file, or not a regular one
  format,   ///< not a video or picture, or broken
  limit,    ///< larger or longer than the limits
  timeout,  ///< the worker was stopped
  crash,    ///< the worker died
  banned,   ///< workers died on this source before; it is not tried again
};
std::string_view to_string(DecodeFault fault);

struct DecodeResult {
  DecodeFault fault = DecodeFault::none;
  std::string error;  ///< "clip.mp4: ...", empty if all went well
  FrameSourceInfo info;
  FrameRange range;  ///< the frames of [start, end) seconds; empty where `indices` or a window was asked for
  std::vector<std::int64_t> indices;
  Tensor frames;            ///< u8 [n, H, W, 3]
  double read_seconds = 0;  ///< of the time that it took: opening and reading the file

  bool ok() const { return fault == DecodeFault::none; }
};

struct DecodeServiceOptions {
  int workers = 1;
  MediaLimits limits;
  int deaths_allowed = 3;  ///< per source: with the next death it is banned
  std::string program;     ///< aio_decode_worker; empty: beside the running program
};

class DecodeService {
 public:
  /// Starts the workers. Throws Error{config} if the worker program is not found, Error{io} if it does not start.
  explicit DecodeService(const DecodeServiceOptions& options = {});
  /// Ends them.
  ~DecodeService();
  DecodeService(const DecodeService&) = delete;
  DecodeService& operator=(const DecodeService&) = delete;

  /// Waits for a free worker, then for its answer. Never throws for what is wrong with a source. From any thread.
  DecodeResult decode(const DecodeRequest& request);

  struct Counts {
    std::int64_t requests = 0;
    std::int64_t failures = 0;  ///< of any kind
    std::int64_t restarts = 0;  ///< workers started in place of dead ones
    std::int64_t banned = 0;    ///< sources
  };
  Counts counts() const;

  /// Processes of the workers, for tests and reports.
  std::vector<int> processes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// main() of aio_decode_worker, whose argument is MediaLimits::worker_memory: answers requests until their socket is
/// closed. Returns 2 where there is no socket: somebody has started it by hand.
int decode_worker_main(int argc, char** argv);

}  // namespace aio
