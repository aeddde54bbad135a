// A race on purpose: both threads add to one variable. Built in ThreadSanitizer builds only, where the test passes when
// this program is reported: so tests/tsan.supp has not come to excuse what it is there to find.
//
// The two must meet inside one parallel_for, however busy the machine is: each waits there for the other, by relaxed
// atomics, which order nothing, so that the sanitizer cannot take the meeting for a synchronisation.
#include <atomic>
#include <chrono>
#include <cstdint>

#include "tensor/parallel.h"

int main() {
  using Clock = std::chrono::steady_clock;
  aio::set_num_threads(2);
  std::int64_t sum = 0;
  std::atomic<int> inside{0};
  std::atomic<bool> met{false};
  for (int round = 0; round < 500 && !met.load(std::memory_order_relaxed); ++round) {
    aio::parallel_for(2, 1, [&](std::int64_t begin, std::int64_t end) {
      inside.fetch_add(1, std::memory_order_relaxed);
      const auto patience = Clock::now() + std::chrono::milliseconds(100);  // one thread may have taken both halves
      while (!met.load(std::memory_order_relaxed) && Clock::now() < patience) {
        if (inside.load(std::memory_order_relaxed) == 2) met.store(true, std::memory_order_relaxed);
      }
      sum += end - begin;
      inside.fetch_sub(1, std::memory_order_relaxed);
    });
  }
  return sum == 0 ? 1 : 0;
}
