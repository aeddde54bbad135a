#pragma once
// What recording depends on besides its inputs: the only thread-local that results depend on (others are scratch).

#include <vector>

#include "tensor/tensor.h"

namespace aio {

class Engine;

/// What a forward pass under checkpoint() sees of gradients although it records nothing.
struct CheckpointProbe {
  std::vector<Tensor> leaves;         ///< those that ops read and that require grad: parameters that fn captured
  const char* saw_history = nullptr;  ///< the op whose output (with history) was captured; an error
};

struct ThreadState {
  bool grad_enabled = true;
  bool anomaly = false;
  CheckpointProbe* probe = nullptr;  ///< set only during the first forward of a checkpoint
  Engine* engine = nullptr;          ///< the innermost that is running
};

/// constinit: no initialisation guard on access.
inline constinit thread_local ThreadState thread_state;

/// Restores the state it found.
class ThreadStateGuard {
 public:
  ThreadStateGuard() : previous_(thread_state) {}
  ~ThreadStateGuard() { thread_state = previous_; }
  ThreadStateGuard(const ThreadStateGuard&) = delete;
  ThreadStateGuard& operator=(const ThreadStateGuard&) = delete;

 private:
  ThreadState previous_;
};

}  // namespace aio
