#pragma once
// Threads: one oneTBB arena. parallel.cpp is the only file that includes TBB.

#include <cstdint>
#include <type_traits>

namespace aio {

/// Number of threads of the arena: set_num_threads, else the size of the process's CPU affinity mask.
int num_threads();
/// 1 to 1024, else Error{config}; replaces the arena. Call it from main before the work starts.
void set_num_threads(int n);

namespace detail {
using RangeBody = void (*)(void* context, std::int64_t begin, std::int64_t end);
void parallel_for(std::int64_t n, std::int64_t grain, RangeBody body, void* context);
}  // namespace detail

/// Calls body(begin, end) on consecutive pieces of [0, n), each a multiple of `grain` long but the last. Pieces depend
/// on the number of threads: a body whose result depends on where its piece starts is not deterministic. A reduction
/// therefore splits by a fixed block size and combines the blocks' results in order. Runs inline when there is one
/// piece or when called from inside another parallel_for body. Exceptions propagate to the caller.
template <class Body>
void parallel_for(std::int64_t n, std::int64_t grain, Body&& body) {
  using B = std::remove_reference_t<Body>;
  detail::parallel_for(
      n, grain, [](void* context, std::int64_t begin, std::int64_t end) { (*static_cast<B*>(context))(begin, end); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

/// How the loops of a program would spread over more threads than there are. While one lives, num_threads() is
/// `threads`, loops are cut for as many, and their pieces run one after another on the calling thread, each of them
/// timed, in CPU time, so that a busy machine does not matter. Results are the same bits. What it cannot know: memory
/// that threads share, and the microseconds that starting them takes. One at a time, from the main thread, with no
/// other thread in a loop.
class ThreadModel {
 public:
  struct Times {
    double serial = 0;       ///< seconds outside of loops that were cut
    double work = 0;         ///< inside, all pieces
    double longest = 0;      ///< inside, the longest piece of each loop: what `threads` threads would take
    std::int64_t loops = 0;  ///< that were cut
  };
  explicit ThreadModel(int threads);
  ~ThreadModel();
  ThreadModel(const ThreadModel&) = delete;
  ThreadModel& operator=(const ThreadModel&) = delete;
  /// Since the last call, or since the construction.
  Times take_times();
};

}  // namespace aio
