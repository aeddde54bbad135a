// aio_bench scaling: how a training step would spread over more threads than the machine has (ThreadModel of
// tensor/parallel.h): its serial part, and what the threads of 2 ... 64 would have to wait for each other.

#include <algorithm>
#include <array>

#include "bench/bench.h"
#include "bench/pretrain_step.h"
#include "tensor/parallel.h"

namespace aio::bench {
namespace {

/// A step on `threads` threads. Of several steps the fastest of each part: the machine is shared.
ThreadModel::Times best_times(const PretrainStep& step, StepOptimizer& optimizer, int threads, int rounds) {
  ThreadModel model(threads);
  ThreadModel::Times best{1e30, 1e30, 1e30, 0};
  for (int i = 0; i <= rounds; ++i) {  // the first one fetches memory
    static_cast<void>(step.train(optimizer, i).item());
    const ThreadModel::Times times = model.take_times();
    if (i == 0) continue;
    best = {std::min(best.serial, times.serial), std::min(best.work, times.work), std::min(best.longest, times.longest),
            times.loops};
  }
  return best;
}

}  // namespace

void run_scaling(const Options& options, Report& report) {
  struct Case {
    const char* name;
    const char* size;
    std::int64_t batch;
  };
  for (const Case& c : {Case{"micro/32", "micro", 32}, Case{"ti/8", "ti", 8}, Case{"b/4", "b", 4}}) {
    if (!options.selects(c.name)) continue;
    StepOptions shape;
    shape.size = c.size;
    shape.batch = c.batch;
    if (shape.size == "micro") shape.image = 96;
    const PretrainStep step(shape);
    StepOptimizer optimizer(step.store);
    double alone = 0;
    for (const int threads : {1, 2, 8, 16, 64}) {
      const ThreadModel::Times times = best_times(step, optimizer, threads, options.rounds);
      const double all = times.serial + times.longest;
      if (threads == 1) alone = all;
      report.row({{"case", c.name},
                  {"threads", double(threads)},
                  {"loops", double(times.loops)},
                  {"serial_ms", threads == 1 ? 0 : times.serial * 1e3},
                  {"uneven_ms", (times.longest - times.work / threads) * 1e3},
                  {"step_ms", all * 1e3},
                  {"speedup", alone / all},
                  {"of_threads", alone / all / threads}});
    }
  }
}

}  // namespace aio::bench
