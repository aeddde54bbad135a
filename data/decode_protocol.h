#pragma once
// What DecodeService and its workers say to each other: one message for a request, with the descriptor of the file, and
// one for the reply. The frames lie in memory that both have mapped. Both ends are of the same build, on the same
// machine: messages are structs, followed by the name or the error's text and the frame numbers.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "data/decode_service.h"

namespace aio::decode_protocol {

constexpr int kSocket = 3;        ///< descriptors that a worker starts with
constexpr int kSharedMemory = 4;  ///< of MediaLimits::output_bytes
constexpr std::size_t kMaxIndices = 4096;
constexpr std::size_t kMaxText = 4096;

struct Request {
  MediaLimits limits;
  std::int64_t offset, bytes;
  std::int64_t count;
  SampleMode mode;
  Compat compat;
  RngKey key;
  double start, end;
  std::int64_t window, window_centre;
  FrameSize size;
  std::uint32_t indices, text;  ///< lengths of what follows
};

struct Reply {
  DecodeFault fault;
  FrameSourceInfo info;
  FrameRange range;
  double read_seconds;
  std::int64_t frames;  ///< in the shared memory: u8 [frames, height, width, 3]
  FrameSize size;
  std::uint32_t indices, text;
};

static_assert(std::is_trivially_copyable_v<Request> && std::is_trivially_copyable_v<Reply>);

/// Sends head, frame numbers and text as one message; with a descriptor, unless that is negative. False if the other
/// end is gone.
template <class Head>
bool send(int socket, Head head, const std::vector<std::int64_t>& indices, const std::string& text, int descriptor);

/// The next message; false at the end, or if it is malformed. `descriptor` becomes the one that came with it, or -1.
template <class Head>
bool receive(int socket, Head& head, std::vector<std::int64_t>& indices, std::string& text, int& descriptor);

}  // namespace aio::decode_protocol
