#pragma once
// Fiber: a function that runs on a stack of its own and can be left in the middle and gone on with later. The emulator
// gives every GPU thread one. All fibers of a program run on one OS thread at a time: the one that calls resume().

#include <cstddef>
#include <functional>

namespace aio::emulation {

class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next resume() begins `body` from its first line. A body that had not ended is forgotten: what lives on its
  /// stack is not destroyed.
  void start(std::function<void()> body);
  /// Runs the body until it calls suspend() or ends.
  void resume();
  /// Called inside a body: goes back to the caller of resume().
  void suspend();
  bool ended() const { return ended_; }

 private:
  friend void run_fiber(Fiber& fiber);
  struct Context;
  void run();

  std::function<void()> body_;
  bool ended_ = true;
  Context* context_;
};

}  // namespace aio::emulation
