#pragma once
// Runs CUDA kernels on the host, to test their logic where there is no GPU: indices, masks, barriers, warp exchanges,
// fragments of the tensor cores, asynchronous copies. It says nothing about speed, about bank conflicts or about the
// order in which a GPU makes writes to global memory visible.
//
// A block's threads are fibers (fiber.h) on one OS thread; blocks run one after the other. One warp runs as far as it
// can before the next one does: that is the schedule under which a missing barrier shows. What it finds wrong ends the
// launch with Error{cuda} that names the kernel, the block and the thread:
//  * __syncthreads that some threads do not reach, or reach on another line;
//  * a warp exchange whose mask names a lane that has ended or is elsewhere, or is the caller's in no way;
//  * shared memory: reading what nobody wrote, leaving an array, and two threads touching one element, one of them
//    writing, without a barrier between them (of one warp: without __syncwarp);
//  * misaligned vector accesses, copies and matrices; launches that no GPU takes;
//  * an H100's barriers, bulk copies and products of four warps used out of order (bulk_copy.h, warp_group.h).
// Global memory is the allocator's (poisoned outside of blocks under AddressSanitizer) and closed to host code while no
// kernel or copy runs (memory.h).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace aio::emulation {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr Dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

/// In which order warps, lanes and blocks take their turns. A kernel is right only if all give the same bits.
enum class Order { forward, reverse, shuffled };
void set_order(Order order);

/// Calls `body` once for every thread of the grid.
void run_grid(const char* kernel, Dim3 blocks, Dim3 threads, std::size_t dynamic_shared, std::function<void()> body);

/// What the device is asked for: done at once or, while a capture is under way, kept. `what` goes to the log below.
using Work = std::function<void()>;
void ask(const char* what, Work work);
void begin_capture();
std::vector<Work> end_capture();
/// Throws Error{cuda} while a capture is under way: CUDA refuses `what` then.
void refuse_in_capture(const char* what);

/// From here on, adds to `log` what the device is asked for: names of kernels, "product", "fill_bytes",
/// "copy_from_host", "replay", and "wait" where the host waits for it. nullptr: no more.
void record_work(std::vector<std::string>* log);
void note_work(const char* what);  ///< null: nothing

// ---- inside a kernel
// -------------------------------------------------------------------------------------------------

/// Ends the launch.
[[noreturn]] void fault(const std::string& text);

void block_barrier(int line);
/// This thread's lane and whether `lanes` (a mask) may take part in an exchange.
int current_lane();

/// A warp exchange: waits until every lane of `mask` has called it with the same `name`, then `exchange` runs once for
/// all: in[lane] and out[lane] are what the lanes passed, null outside of the mask.
using Exchange = void (*)(const void* const* in, void* const* out);
void exchange(std::uint32_t mask, const char* name, const void* in, void* out, Exchange action);
/// As exchange, and orders the lanes' accesses to memory.
void warp_barrier(std::uint32_t mask);

/// The block's shared array that belongs to `key`, or its dynamic shared memory for key = nullptr.
struct SharedRange {
  std::byte* begin;
  std::byte* end;
};
SharedRange shared_range(const void* key, std::size_t bytes);
void shared_read(const SharedRange& range, const void* data, std::size_t bytes);
void shared_write(const SharedRange& range, const void* data, std::size_t bytes);

/// Suspends the thread until `ready`; `what` names it where that never comes.
void wait_until(const char* what, std::function<bool()> ready);
/// Of the calling thread: its number in the block, and how many __syncthreads it has passed.
int current_thread();
std::uint32_t barriers_passed();

/// A part of the multiprocessor that works beside the threads, as late as it can: when none of them can go on.
class Unit {
 public:
  virtual ~Unit() = default;
  virtual void begin_block() = 0;
  /// One piece of work, which `pick(n)` chooses among n; false if there is none.
  virtual bool work(const std::function<std::size_t(std::size_t)>& pick) = 0;
  /// All threads have ended: faults where something is left.
  virtual void end_block() = 0;
};
/// To be called once; the unit stays for good.
void attach(Unit& unit);

/// cp.async: until the wait, `to` reads as NaN.
void async_copy(const SharedRange& range, void* to, const void* from, std::size_t bytes);
void async_commit();
/// Completes all groups but the last `left`.
void async_wait(int left);

}  // namespace aio::emulation
