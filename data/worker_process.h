#pragma once
// WorkerProcess: a decode worker as its parent sees it: a process, a socket, shared memory.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/decode_protocol.h"

namespace aio {

class WorkerProcess {
 public:
  /// Starts `program`. Throws Error{io}.
  WorkerProcess(const std::string& program, const MediaLimits& limits);
  /// Ends it.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t process() const { return process_; }

  /// One request and its reply. If the worker dies over it or does not answer within `seconds`, it is dead afterwards,
  /// and the result says so.
  DecodeResult ask(const decode_protocol::Request& request, const std::vector<std::int64_t>& indices,
                   const std::string& name, int file, double seconds);
  bool dead() const { return process_ < 0; }

 private:
  int end();
  DecodeResult bury(const std::string& name, const MediaLimits& limits, bool timed_out);
  Tensor take_frames(const decode_protocol::Reply& reply);

  pid_t process_ = -1;
  int socket_ = -1;
  int memory_ = -1;  // shared with the worker; of fixed size, so that it cannot be shrunk under our feet
  std::int64_t memory_bytes_ = 0;
};

}  // namespace aio
