// The worker's side of DecodeService: receives a file, decodes, replies, and knows nothing else.

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "data/decode_protocol.h"
#include "data/frame_source.h"
#include "data/media_file.h"
#include "data/worker_sandbox.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using decode_protocol::Reply;
using decode_protocol::Request;

/// SIGPROF ends the process after so much CPU time; 0 calls that off.
void end_after_cpu_seconds(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
  setitimer(ITIMER_PROF, &timer, nullptr);
}

DecodeFault fault_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::io: return DecodeFault::io;
    case ErrorCode::value: return DecodeFault::limit;
    case ErrorCode::state: return DecodeFault::timeout;
    case ErrorCode::index: return DecodeFault::request;
    default: return DecodeFault::format;
  }
}

/// Fills the reply's range, if the request has one. Throws Error{index} for frames that are not there.
std::vector<std::int64_t> choose(const Request& request, FrameSource& source, FrameRange& range) {
  try {
    if (request.window > 0 && request.count > 0) {
      return sample_window(request.count, request.window_centre, request.window, source.info().frames, request.mode,
                           request.key, request.compat);
    }
    if (request.window == 0) range = source.clip(request.start, request.end);
    if (request.count == 0) return {};
    return sample_frames(request.count, range, request.mode, request.key, request.compat);
  } catch (const Error& error) {
    fail(ErrorCode::index, error.what());
  }
}

void share(const Tensor& frames) {
  const auto bytes = static_cast<std::size_t>(frames.numel());
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, decode_protocol::kSharedMemory, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  std::memcpy(memory, frames.raw_data(), bytes);
  munmap(memory, bytes);
}

/// Fills reply and indices; throws Error.
void work(const Request& request, const std::string& name, int descriptor, Reply& reply,
          std::vector<std::int64_t>& indices) {
  MediaSource place;
  place.path = name;
  place.offset = request.offset;
  place.bytes = request.bytes;
  const auto source = open_frames(MediaFile(descriptor, place), request.limits);
  reply.info = source->info();
  reply.read_seconds = source->read_seconds();
  if (indices.empty()) indices = choose(request, *source, reply.range);
  if (indices.empty()) return;
  const Tensor frames = source->frames(indices, request.size);
  reply.read_seconds = source->read_seconds();
  share(frames);
  reply.frames = frames.dim(0);
  reply.size = {static_cast<int>(frames.dim(2)), static_cast<int>(frames.dim(1))};
}

}  // namespace

int decode_worker_main(int argc, char** argv) {
  struct stat requests {};
  if (fstat(decode_protocol::kSocket, &requests) != 0 || !S_ISSOCK(requests.st_mode)) {
    std::fputs("aio_decode_worker: is started by the other programs, which hand it the files to decode\n", stderr);
    return 2;
  }
  MediaLimits start_limits;
  if (argc > 1) start_limits.worker_memory = std::atoll(argv[1]);
  set_num_threads(1);  // the sandbox starts none; there is a worker for each core
  enter_sandbox(start_limits);
  Request request{};
  std::vector<std::int64_t> indices;
  std::string name;
  int descriptor = -1;
  while (decode_protocol::receive(decode_protocol::kSocket, request, indices, name, descriptor)) {
    Reply reply{};
    std::string error;
    end_after_cpu_seconds(request.limits.cpu_seconds);
    try {
      work(request, name, descriptor, reply, indices);
    } catch (const Error& problem) {
      reply.fault = fault_of(problem.code());
      error = problem.what();
    } catch (const std::bad_alloc&) {
      reply.fault = DecodeFault::limit;
      error = message(name, ": decoding it needs more than ", start_limits.worker_memory, " bytes of memory");
    } catch (const std::exception& problem) {
      reply.fault = DecodeFault::format;
      error = message(name, ": ", problem.what());
    }
    end_after_cpu_seconds(0);
    if (reply.fault != DecodeFault::none) indices.clear();
    if (!decode_protocol::send(decode_protocol::kSocket, reply, indices, error, -1)) break;
  }
  _exit(0);  // FFmpeg's and the C library's farewells would only cost time
}

}  // namespace aio
