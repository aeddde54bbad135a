#include "tensor/parallel.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "tensor/error.h"

namespace aio {

namespace {

constexpr int kMaxThreads = 1024;  // more than any machine this runs on has; TBB would try to start a million

int affinity_size() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

struct Arena {
  explicit Arena(int n)
      : threads(n), limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(n)), arena(n) {}
  int threads;
  tbb::global_control limit;  // lifts TBB's default limit, the number of cores, when more are asked for
  tbb::task_arena arena;
};

std::unique_ptr<Arena>& arena() {
  static std::unique_ptr<Arena> instance = std::make_unique<Arena>(affinity_size());
  return instance;
}

// True while this thread runs a piece: nested loops run inline, so that one level owns the threads.
thread_local bool inside_piece = false;

struct PieceGuard {
  PieceGuard() { inside_piece = true; }
  ~PieceGuard() { inside_piece = false; }
  PieceGuard(const PieceGuard&) = delete;
  PieceGuard& operator=(const PieceGuard&) = delete;
};

/// Time that the calling thread has computed.
double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Of the ThreadModel that lives.
struct Model {
  int threads = 0;
  ThreadModel::Times times;         // serial: up to the last loop
  double since = thread_seconds();  // the end of the last loop
};
std::optional<Model> model;

/// The piece with this number of [0, n) cut into `pieces`.
template <class Body>
void run_piece(std::int64_t piece, std::int64_t pieces, std::int64_t n, std::int64_t grain, const Body& body) {
  const std::int64_t grains = (n + grain - 1) / grain;
  const PieceGuard guard;
  body(grains * piece / pieces * grain, std::min(n, grains * (piece + 1) / pieces * grain));
}

}  // namespace

int num_threads() { return model ? model->threads : arena()->threads; }

void set_num_threads(int n) {
  check(n >= 1 && n <= kMaxThreads, ErrorCode::config, "threads: got ", n, ", expected 1 to ", kMaxThreads);
  arena().reset();  // first: two global_controls at once would give the smaller limit
  arena() = std::make_unique<Arena>(n);
}

ThreadModel::ThreadModel(int threads) {
  check(threads >= 1 && threads <= kMaxThreads, ErrorCode::config, "threads: got ", threads, ", expected 1 to ",
        kMaxThreads);
  check(!model, ErrorCode::state, "ThreadModel: another one lives, expected one at a time");
  model.emplace().threads = threads;
}

ThreadModel::~ThreadModel() { model.reset(); }

ThreadModel::Times ThreadModel::take_times() {
  const double now = thread_seconds();
  Times times = std::exchange(model->times, {});
  times.serial += now - std::exchange(model->since, now);
  return times;
}

namespace detail {

namespace {

void run_one_after_another(std::int64_t pieces, std::int64_t n, std::int64_t grain, RangeBody body, void* context) {
  model->times.serial += thread_seconds() - model->since;
  double longest = 0;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const double start = thread_seconds();
    run_piece(piece, pieces, n, grain, [&](std::int64_t begin, std::int64_t end) { body(context, begin, end); });
    const double seconds = thread_seconds() - start;
    model->times.work += seconds;
    longest = std::max(longest, seconds);
  }
  model->times.longest += longest;
  ++model->times.loops;
  model->since = thread_seconds();
}

}  // namespace

void parallel_for(std::int64_t n, std::int64_t grain, RangeBody body, void* context) {
  if (n <= 0) return;
  grain = std::max<std::int64_t>(grain, 1);
  const std::int64_t grains = (n + grain - 1) / grain;
  if (grains == 1 || inside_piece) return body(context, 0, n);
  const std::int64_t pieces = std::min<std::int64_t>(grains, num_threads());
  if (pieces == 1) return body(context, 0, n);
  if (model) return run_one_after_another(pieces, n, grain, body, context);
  // One piece a thread, statically: the kernels' work is even, and dynamic splitting costs more than it balances.
  // TBB orders memory at the start and the end of a piece, but inside a library that ThreadSanitizer cannot see: the
  // two atomics say the same again where it can (some nanoseconds a call).
  std::atomic<bool> started{false};
  std::atomic<std::int64_t> finished{0};
  started.store(true, std::memory_order_release);
  arena()->arena.execute([&] {
    tbb::parallel_for(
        std::int64_t{0}, pieces, std::int64_t{1},
        [&](std::int64_t piece) {
          static_cast<void>(started.load(std::memory_order_acquire));
          run_piece(piece, pieces, n, grain, [&](std::int64_t begin, std::int64_t end) { body(context, begin, end); });
          finished.fetch_add(1, std::memory_order_release);
        },
        tbb::static_partitioner());
  });
  static_cast<void>(finished.load(std::memory_order_acquire));
}

}  // namespace detail
}  // namespace aio
