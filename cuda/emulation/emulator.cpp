#include "cuda/emulation/emulator.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "cuda/emulation/fiber.h"
#include "cuda/emulation/memory.h"
#include "cuda/emulation/shared_memory.h"
#include "cuda/emulation/thread_index.h"
#include "tensor/error.h"

namespace aio::emulation {

namespace {

constexpr int kWarp = 32;

enum class State { ready, at_barrier, in_exchange, waiting, ended };

struct AsyncCopy {
  SharedRange range;
  void* to;
  const void* from;
  std::size_t bytes;
  int group;
};

struct Thread {
  Fiber fiber;
  Dim3 index;
  int number = 0;
  State state = State::ended;
  const void* in = nullptr;  // what it brought to a warp exchange
  void* out = nullptr;
  const char* waits_for = nullptr;  // in State::waiting
  std::function<bool()> may_go_on;
  std::vector<AsyncCopy> copies;
  int groups = 0;  // committed
};

struct Warp {
  std::uint32_t lanes = 0;    // that exist
  std::uint32_t arrived = 0;  // at the exchange under way
  std::uint32_t mask = 0;
  const char* exchange = nullptr;
  std::uint32_t barriers = 0;
};

std::string text(Dim3 d) { return message("(", d.x, ", ", d.y, ", ", d.z, ")"); }

/// The one multiprocessor there is. Its fibers are kept from launch to launch.
class Machine {
 public:
  Order order = Order::forward;

  void run(const char* kernel, Dim3 blocks, Dim3 threads, std::size_t dynamic_shared,
           const std::function<void()>& body) {
    check_launch(kernel, blocks, threads, dynamic_shared);
    const DeviceAccess access;
    kernel_ = kernel;
    body_ = &body;
    gridDim = blocks;
    blockDim = threads;
    random_.seed(1);
    std::vector<std::uint64_t> turns(std::uint64_t{blocks.x} * blocks.y * blocks.z);
    for (std::uint64_t i = 0; i < turns.size(); ++i) turns[i] = i;
    arrange(turns);
    for (const std::uint64_t i : turns) {
      const std::uint64_t row = i / blocks.x;
      blockIdx = {static_cast<unsigned>(i % blocks.x), static_cast<unsigned>(row % blocks.y),
                  static_cast<unsigned>(row / blocks.y)};
      run_block(dynamic_shared);
    }
    current_ = nullptr;
  }

  [[noreturn]] void fail_here(const std::string& what) {
    throw Error(ErrorCode::cuda, message("emulation: kernel ", kernel_, ", block ", text(blockIdx), ", thread ",
                                         text(current().index), " ", what));
  }

  Thread& current() { return *current_; }
  int lane() { return current().number % kWarp; }
  Warp& warp() { return warps_[static_cast<std::size_t>(current().number / kWarp)]; }
  Moment now() { return {current().number, current().number / kWarp, barriers_, warp().barriers}; }
  SharedMemory& shared() { return shared_; }
  std::uint32_t barriers() const { return barriers_; }
  void attach(Unit& unit) { units_.push_back(&unit); }

  void wait_until(const char* what, std::function<bool()> ready) {
    if (ready()) return;
    Thread& thread = current();
    thread.state = State::waiting;
    thread.waits_for = what;
    thread.may_go_on = std::move(ready);
    thread.fiber.suspend();
  }

  void wait_at_barrier(int line) {
    if (waiting_ > 0 && line != barrier_line_)
      fail_here(message("waits at the __syncthreads of line ", line, ", others at that of line ", barrier_line_));
    if (ended_ > 0) fail_here("waits at a __syncthreads that other threads never reach: they have ended");
    barrier_line_ = line;
    current().state = State::at_barrier;
    if (++waiting_ == count_) {
      open_barrier();
    } else {
      current().fiber.suspend();
    }
  }

  void exchange(std::uint32_t mask, const char* name, const void* in, void* out, Exchange action) {
    Warp& w = warp();
    const std::uint32_t own = 1U << lane();
    if ((mask & own) == 0) fail_here(message("calls ", name, " with a mask that leaves out its own lane"));
    if ((mask & ~w.lanes) != 0) fail_here(message("calls ", name, " with a mask of lanes that have ended"));
    if (w.arrived != 0 && (std::strcmp(w.exchange, name) != 0 || w.mask != mask))
      fail_here(message("calls ", name, " while other lanes of its warp are at another ", w.exchange));
    w.exchange = name;
    w.mask = mask;
    w.arrived |= own;
    current().in = in;
    current().out = out;
    current().state = State::in_exchange;
    if (w.arrived != mask) return current().fiber.suspend();
    const void* ins[kWarp] = {};
    void* outs[kWarp] = {};
    for (int i = 0; i < kWarp; ++i) {
      if ((mask >> i & 1U) == 0) continue;
      Thread& thread = thread_of(current().number / kWarp * kWarp + i);
      ins[i] = thread.in;
      outs[i] = thread.out;
      thread.state = State::ready;
    }
    w.arrived = 0;
    if (action != nullptr) {
      action(ins, outs);
    } else {
      ++w.barriers;
    }
  }

 private:
  void check_launch(const char* kernel, Dim3 blocks, Dim3 threads, std::size_t dynamic_shared) {
    const std::uint64_t count = std::uint64_t{threads.x} * threads.y * threads.z;
    check(count > 0 && count <= 1024 && threads.z <= 64 && blocks.x > 0 && blocks.x <= 0x7fffffffU && blocks.y > 0 &&
              blocks.y <= 65535 && blocks.z > 0 && blocks.z <= 65535 && dynamic_shared <= SharedMemory::kMost,
          ErrorCode::cuda, "emulation: kernel ", kernel, ": no GPU takes blocks ", text(blocks), " of threads ",
          text(threads), " with ", dynamic_shared, " bytes of shared memory");
    check(current_ == nullptr, ErrorCode::cuda, "emulation: kernel ", kernel, " is launched by a kernel");
  }

  template <class T>
  void arrange(std::vector<T>& turns) {
    if (order == Order::reverse) std::reverse(turns.begin(), turns.end());
    if (order == Order::shuffled) std::shuffle(turns.begin(), turns.end(), random_);
  }

  Thread& thread_of(int number) { return *threads_[static_cast<std::size_t>(number)]; }

  void run_block(std::size_t dynamic_shared) {
    count_ = static_cast<int>(blockDim.x * blockDim.y * blockDim.z);
    waiting_ = ended_ = 0;
    barriers_ = 0;
    shared_.reset(dynamic_shared);
    warps_.assign(static_cast<std::size_t>((count_ + kWarp - 1) / kWarp), {});
    while (static_cast<int>(threads_.size()) < count_) threads_.push_back(std::make_unique<Thread>());
    for (int i = 0; i < count_; ++i) {
      Thread& thread = thread_of(i);
      const auto n = static_cast<unsigned>(i);
      thread.index = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
      thread.number = i;
      thread.state = State::ready;
      thread.copies.clear();
      thread.groups = 0;
      thread.fiber.start([this] { run_body(); });
      warps_[n / kWarp].lanes |= 1U << (n % kWarp);
    }
    std::vector<int> warp_turns(warps_.size()), lane_turns(kWarp);
    for (std::size_t i = 0; i < warp_turns.size(); ++i) warp_turns[i] = static_cast<int>(i);
    for (int i = 0; i < kWarp; ++i) lane_turns[static_cast<std::size_t>(i)] = i;
    arrange(warp_turns);
    arrange(lane_turns);
    for (Unit* unit : units_) unit->begin_block();
    while (ended_ < count_) {
      bool any = false;
      for (const int w : warp_turns) any |= run_warp(w, lane_turns);
      if (!any && !run_units()) report_deadlock();
    }
    current_ = &thread_of(0);
    try {
      for (Unit* unit : units_) unit->end_block();
    } catch (const Error&) {
      current_ = nullptr;
      throw;
    }
  }

  bool run_units() {
    const auto pick = [this](std::size_t n) {
      return order == Order::forward ? 0 : order == Order::reverse ? n - 1 : random_() % n;
    };
    return std::any_of(units_.begin(), units_.end(), [&](Unit* unit) { return unit->work(pick); });
  }

  /// Runs the lanes of a warp until none can go on. True if any could.
  bool run_warp(int w, const std::vector<int>& lane_turns) {
    bool any = false;
    for (bool again = true; again;) {
      again = false;
      for (const int lane : lane_turns) {
        const int number = w * kWarp + lane;
        if (number >= count_) continue;
        Thread& thread = thread_of(number);
        if (thread.state == State::waiting && thread.may_go_on()) thread.state = State::ready;
        if (thread.state != State::ready) continue;
        again = any = true;
        step(thread);
      }
    }
    return any;
  }

  /// A fault leaves the kernel as an exception, which may not leave the fiber's stack: step() throws it on.
  void run_body() {
    try {
      (*body_)();
    } catch (const Error&) {
      fault_ = std::current_exception();
    }
  }

  void step(Thread& thread) {
    current_ = &thread;
    threadIdx = thread.index;
    thread.fiber.resume();
    if (fault_ != nullptr) {
      current_ = nullptr;
      std::rethrow_exception(std::exchange(fault_, nullptr));
    }
    if (!thread.fiber.ended()) return;
    thread.state = State::ended;
    ++ended_;
    Warp& w = warp();
    w.lanes &= ~(1U << lane());
    if (waiting_ > 0) throw_at("ends while other threads wait at a __syncthreads");
    if (w.arrived != 0 && (w.mask >> lane() & 1U) != 0)
      throw_at(message("ends while other lanes of its warp wait for it at ", w.exchange));
  }

  [[noreturn]] void throw_at(const std::string& what) {
    const Dim3 index = current().index;
    current_ = nullptr;
    fail(ErrorCode::cuda, "emulation: kernel ", kernel_, ", block ", text(blockIdx), ", thread ", text(index), " ",
         what);
  }

  [[noreturn]] void report_deadlock() {
    for (int i = 0; i < count_; ++i) {
      if (thread_of(i).state == State::ended) continue;
      current_ = &thread_of(i);
      if (thread_of(i).state == State::in_exchange)
        throw_at(message("waits for ever at ", warp().exchange, ": not all lanes of its mask come"));
      if (thread_of(i).state == State::waiting) throw_at(message("waits for ever at ", thread_of(i).waits_for));
      throw_at(message("waits for ever at the __syncthreads of line ", barrier_line_));
    }
    std::abort();
  }

  void open_barrier() {
    waiting_ = 0;
    ++barriers_;
    for (int i = 0; i < count_; ++i)
      if (thread_of(i).state == State::at_barrier) thread_of(i).state = State::ready;
  }

  const char* kernel_ = "";
  const std::function<void()>* body_ = nullptr;
  std::exception_ptr fault_;
  std::mt19937 random_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Warp> warps_;
  SharedMemory shared_;
  std::vector<Unit*> units_;
  Thread* current_ = nullptr;
  int count_ = 0, waiting_ = 0, ended_ = 0, barrier_line_ = 0;
  std::uint32_t barriers_ = 0;
};

Machine& machine() {
  static Machine instance;
  return instance;
}

void check_range(const SharedRange& range, const void* data, std::size_t bytes, const char* verb) {
  const auto* const p = static_cast<const std::byte*>(data);
  if (p < range.begin || p + bytes > range.end)
    machine().fail_here(message(verb, " ", bytes, " bytes at byte ", p - range.begin, " of a shared array of ",
                                range.end - range.begin, " bytes"));
}

}  // namespace

void set_order(Order order) { machine().order = order; }

void run_grid(const char* kernel, Dim3 blocks, Dim3 threads, std::size_t dynamic_shared, std::function<void()> body) {
  ask(kernel, [=, body = std::move(body)] { machine().run(kernel, blocks, threads, dynamic_shared, body); });
}

namespace {
std::vector<std::string>* work_log = nullptr;
std::optional<std::vector<Work>> captured;
}  // namespace

void ask(const char* what, Work work) {
  note_work(what);
  if (captured) {
    captured->push_back(std::move(work));
  } else {
    work();
  }
}
void begin_capture() {
  refuse_in_capture("a second capture");
  captured.emplace();
}
std::vector<Work> end_capture() { return *std::exchange(captured, std::nullopt); }
void refuse_in_capture(const char* what) {
  check(!captured, ErrorCode::cuda, "emulation: ", what, " while the stream is captured");
}

void record_work(std::vector<std::string>* log) { work_log = log; }
void note_work(const char* what) {
  if (work_log != nullptr && what != nullptr) work_log->emplace_back(what);
}

void fault(const std::string& text) { machine().fail_here(text); }
void block_barrier(int line) { machine().wait_at_barrier(line); }
int current_lane() { return machine().lane(); }
int current_thread() { return machine().current().number; }
std::uint32_t barriers_passed() { return machine().barriers(); }
void wait_until(const char* what, std::function<bool()> ready) { machine().wait_until(what, std::move(ready)); }
void attach(Unit& unit) { machine().attach(unit); }

void exchange(std::uint32_t mask, const char* name, const void* in, void* out, Exchange action) {
  machine().exchange(mask, name, in, out, action);
}
void warp_barrier(std::uint32_t mask) { machine().exchange(mask, "__syncwarp", nullptr, nullptr, nullptr); }

SharedRange shared_range(const void* key, std::size_t bytes) {
  SharedMemory& shared = machine().shared();
  if (key == nullptr) {
    std::byte* const begin = shared.array(nullptr, 0);
    return {begin, begin + shared.dynamic_bytes()};
  }
  std::byte* const begin = shared.array(key, bytes);
  if (begin == nullptr) fault("has more shared memory than a block may have");
  return {begin, begin + bytes};
}

void shared_read(const SharedRange& range, const void* data, std::size_t bytes) {
  check_range(range, data, bytes, "reads");
  const char* const wrong = machine().shared().read(static_cast<const std::byte*>(data), bytes, machine().now());
  if (wrong != nullptr) fault(wrong);
}

void shared_write(const SharedRange& range, const void* data, std::size_t bytes) {
  check_range(range, data, bytes, "writes");
  const char* const wrong = machine().shared().write(static_cast<const std::byte*>(data), bytes, machine().now());
  if (wrong != nullptr) fault(wrong);
}

void async_copy(const SharedRange& range, void* to, const void* from, std::size_t bytes) {
  if ((reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from)) % bytes != 0)
    fault("calls cp.async with a misaligned address");
  shared_write(range, to, bytes);
  std::memset(to, 0xFF, bytes);
  Thread& thread = machine().current();
  thread.copies.push_back({range, to, from, bytes, thread.groups});
}

void async_commit() { ++machine().current().groups; }

void async_wait(int left) {
  Thread& thread = machine().current();
  std::erase_if(thread.copies, [&](const AsyncCopy& copy) {
    if (copy.group >= thread.groups - left) return false;
    shared_write(copy.range, copy.to, copy.bytes);
    std::memcpy(copy.to, copy.from, copy.bytes);
    return true;
  });
}

}  // namespace aio::emulation
