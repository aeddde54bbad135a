#include "cuda/emulation/fiber.h"

#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#include <cstdint>
#include <utility>

#include "cuda/emulation/fiber_sanitizer.h"
#include "tensor/error.h"

namespace aio::emulation {

namespace {
constexpr std::size_t kStackBytes = 256 * 1024;  // touched pages only count; instrumented frames are large
}

#if defined(__x86_64__)

// Saves the registers that a call must keep, and changes the stack. glibc's swapcontext does the same with a system
// call for the signal mask: an emulated kernel with it takes ten times as long.
extern "C" void aio_fiber_switch(void** save, void* load);
asm(R"(
.text
.globl aio_fiber_switch
.type aio_fiber_switch, @function
aio_fiber_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size aio_fiber_switch, . - aio_fiber_switch
)");

struct Fiber::Context {
  void* stack = nullptr;
  void* inside = nullptr;  // stack pointers of the two sides while they wait
  void* outside = nullptr;
  FiberSanitizer sanitizer;

  void prepare(void (*entry)()) {
    // As if `entry` had been called: its return address slot is 8 below a multiple of 16, six registers below that.
    auto* const top = reinterpret_cast<std::uintptr_t*>(static_cast<char*>(stack) + kStackBytes);
    top[-1] = 0;
    top[-2] = reinterpret_cast<std::uintptr_t>(entry);
    for (int i = 3; i <= 8; ++i) top[-i] = 0;
    inside = top - 8;
  }
  void enter() { aio_fiber_switch(&outside, inside); }
  void leave() { aio_fiber_switch(&inside, outside); }
};

#else

struct Fiber::Context {
  void* stack = nullptr;
  ucontext_t inside{}, outside{};
  FiberSanitizer sanitizer;

  void prepare(void (*entry)()) {
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = kStackBytes;
    inside.uc_link = nullptr;
    makecontext(&inside, entry, 0);
  }
  void enter() { swapcontext(&outside, &inside); }
  void leave() { swapcontext(&inside, &outside); }
};

#endif

namespace {
Fiber* entering = nullptr;  // the fiber whose first resume() is under way
}

// Where a fresh stack begins. It never returns: after a body has ended, start() prepares the stack anew.
void run_fiber(Fiber& fiber) { fiber.run(); }
static void enter_fiber() { run_fiber(*entering); }

Fiber::Fiber() : context_(new Context) {
  context_->stack =
      mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(context_->stack != MAP_FAILED, ErrorCode::oom, "emulation: no memory for the stack of a thread");
}

Fiber::~Fiber() {
  munmap(context_->stack, kStackBytes);
  delete context_;
}

void Fiber::start(std::function<void()> body) {
  body_ = std::move(body);
  ended_ = false;
  context_->sanitizer.forget(context_->stack, kStackBytes);
  context_->prepare(enter_fiber);
}

void Fiber::resume() {
  entering = this;
  context_->sanitizer.before_enter(context_->stack, kStackBytes);
  context_->enter();
  context_->sanitizer.after_enter();
}

void Fiber::suspend() {
  context_->sanitizer.before_leave(ended_);
  context_->leave();
  context_->sanitizer.after_leave();
}

void Fiber::run() {
  context_->sanitizer.arrived();
  body_();
  ended_ = true;
  suspend();
}

}  // namespace aio::emulation
