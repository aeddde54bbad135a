#include "data/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "tensor/error.h"

namespace aio {
namespace {

/// A copy of the descriptor above those that the worker starts with, so that moving one there overwrites no other.
int lift(int descriptor) {
  const int lifted = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
  close(descriptor);
  return lifted;
}

}  // namespace

WorkerProcess::WorkerProcess(const std::string& program, const MediaLimits& limits)
    : memory_bytes_(limits.output_bytes) {
  int pair[2] = {-1, -1};
  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, ErrorCode::io,
        "decode worker: cannot make a socket: ", std::strerror(errno));
  socket_ = lift(pair[0]);
  const int theirs = lift(pair[1]);
  memory_ = lift(memfd_create("aio-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const bool ready = socket_ >= 0 && theirs >= 0 && memory_ >= 0 && ftruncate(memory_, memory_bytes_) == 0 &&
                     fcntl(memory_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  int status = ready ? 0 : errno;
  if (ready) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, theirs, decode_protocol::kSocket);
    posix_spawn_file_actions_adddup2(&actions, memory_, decode_protocol::kSharedMemory);
    std::string memory = std::to_string(limits.worker_memory);
    std::string path = program;
    char* arguments[] = {path.data(), memory.data(), nullptr};
    // Signals that a terminal sends to the whole group (Ctrl-C) are for the parent to handle.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    status = posix_spawn(&process_, program.c_str(), &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  close(theirs);
  if (status != 0) {
    close(socket_);
    close(memory_);
    fail(ErrorCode::io, "decode worker: cannot start ", program, ": ", std::strerror(status));
  }
}

WorkerProcess::~WorkerProcess() {
  end();
  close(socket_);
  close(memory_);
}

/// Ends the process if it still runs; its status. Never with process_ = -1, which kill() takes for all processes.
int WorkerProcess::end() {
  if (process_ <= 0) return 0;
  int status = 0;
  kill(process_, SIGKILL);  // one that died by itself takes no notice and keeps its status
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return status;
}

Tensor WorkerProcess::take_frames(const decode_protocol::Reply& reply) {
  const std::int64_t height = reply.size.height, width = reply.size.width;
  check(height > 0 && width > 0 && height <= memory_bytes_ / 3 / width &&
            reply.frames <= memory_bytes_ / (3 * height * width),
        ErrorCode::state, "decode worker: a reply that cannot be");
  const Tensor frames = Tensor::empty({reply.frames, height, width, 3}, {DType::u8});
  const auto bytes = static_cast<std::size_t>(frames.numel());
  void* shared = mmap(nullptr, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, memory_, 0);
  check(shared != MAP_FAILED, ErrorCode::oom, "decode worker: cannot map ", bytes, " bytes");
  std::memcpy(frames.raw_data(), shared, bytes);
  munmap(shared, bytes);
  constexpr std::size_t kKept = 32 << 20;  // what a usual clip fills; the rest goes back
  if (bytes > kKept) {
    fallocate(memory_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kKept, static_cast<off_t>(bytes - kKept));
  }
  return frames;
}

DecodeResult WorkerProcess::bury(const std::string& name, const MediaLimits& limits, bool timed_out) {
  const int status = end();
  DecodeResult result;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (timed_out) {
    result.fault = DecodeFault::timeout;
    result.error = message(name, ": decoding was stopped after ", limits.wall_seconds, " seconds");
  } else if (signal == SIGPROF) {
    result.fault = DecodeFault::timeout;
    result.error = message(name, ": decoding was stopped after ", limits.cpu_seconds, " seconds of CPU time");
  } else {
    result.fault = DecodeFault::crash;
    result.error = signal != 0 ? message(name, ": the decoder died of signal ", signal, " (", strsignal(signal), ")")
                               : message(name, ": the decoder ended with code ", WEXITSTATUS(status));
  }
  return result;
}

DecodeResult WorkerProcess::ask(const decode_protocol::Request& request, const std::vector<std::int64_t>& indices,
                                const std::string& name, int file, double seconds) {
  check(!dead(), ErrorCode::state, name, ": the decoder's process is gone");
  if (!decode_protocol::send(socket_, request, indices, name, file)) return bury(name, request.limits, false);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    const double left = std::chrono::duration<double, std::milli>(end - Clock::now()).count();
    pollfd wait{socket_, POLLIN, 0};
    const int ready = poll(&wait, 1, std::max(static_cast<int>(left) + 1, 0));
    if (ready > 0) break;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && left > 0) continue;
    return bury(name, request.limits, true);
  }
  decode_protocol::Reply reply{};
  DecodeResult result;
  int descriptor = -1;
  const bool answered = decode_protocol::receive(socket_, reply, result.indices, result.error, descriptor);
  if (descriptor >= 0) close(descriptor);
  if (!answered) return bury(name, request.limits, false);
  result.fault = reply.fault;
  result.info = reply.info;
  result.range = reply.range;
  result.read_seconds = reply.read_seconds;
  if (result.ok() && reply.frames > 0) result.frames = take_frames(reply);
  return result;
}

}  // namespace aio
