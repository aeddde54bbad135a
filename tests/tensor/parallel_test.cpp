#include "tensor/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "tests/expect_error.h"
#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Threads;

TEST_CASE("parallel_for: every index once, pieces are multiples of the grain") {
  for (const int threads : {1, 2, 3, 8}) {
    const Threads guard(threads);
    CHECK(num_threads() == threads);
    for (const std::int64_t n : {0, 1, 7, 64, 1000, 4097}) {
      for (const std::int64_t grain : {1, 16, 5000}) {
        std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
        std::atomic<int> misaligned = 0;
        parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
          if (begin % grain != 0 || (end % grain != 0 && end != n)) ++misaligned;
          for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
        });
        CHECK(misaligned == 0);
        CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& count) { return count == 1; }));
      }
    }
  }
}

TEST_CASE("parallel_for: a loop inside a piece runs inline") {
  const Threads guard(2);
  std::atomic<std::int64_t> sum = 0;
  std::atomic<int> pieces = 0;
  parallel_for(8, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      parallel_for(100, 1, [&](std::int64_t first, std::int64_t last) {
        ++pieces;
        for (std::int64_t k = first; k < last; ++k) sum += k;
      });
    }
  });
  CHECK(sum == 8 * 4950);
  CHECK(pieces == 8);
}

TEST_CASE("parallel_for: an exception reaches the caller and leaves the arena usable") {
  const Threads guard(2);
  CHECK_THROWS_AS(parallel_for(100, 1, [](std::int64_t, std::int64_t) { throw std::runtime_error("body"); }),
                  std::runtime_error);
  std::atomic<std::int64_t> count = 0;
  parallel_for(100, 1, [&](std::int64_t begin, std::int64_t end) { count += end - begin; });
  CHECK(count == 100);
}

/// Computes for that long.
void compute(double seconds) {
  const auto now = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  for (const double end = now() + seconds; now() < end;) continue;
}

TEST_CASE("ThreadModel: loops are cut for its threads, and their pieces are timed one by one") {
  const Threads guard(2);
  {
    ThreadModel model(16);
    CHECK(num_threads() == 16);
    CHECK_THROWS_AS(ThreadModel(4), Error);
    std::int64_t pieces = 0, sum = 0;  // no atomics: one piece after another
    parallel_for(1000, 10, [&](std::int64_t begin, std::int64_t end) {
      ++pieces;
      parallel_for(end - begin, 1, [&](std::int64_t first, std::int64_t last) { sum += last - first; });
      compute(begin == 0 ? 0.020 : 0.001);
    });
    CHECK(pieces == 16);
    CHECK(sum == 1000);
    parallel_for(5, 10, [&](std::int64_t, std::int64_t) { compute(0.010); });  // too small to be cut
    const ThreadModel::Times times = model.take_times();
    CHECK(times.loops == 1);
    CHECK(times.longest == doctest::Approx(0.020).epsilon(0.2));
    CHECK(times.work == doctest::Approx(0.035).epsilon(0.2));
    CHECK(times.serial == doctest::Approx(0.010).epsilon(0.2));
    CHECK(model.take_times().loops == 0);
  }
  CHECK(num_threads() == 2);
}

TEST_CASE("set_num_threads: 1 to 1024, and an error leaves the threads as they were") {
  const int before = num_threads();
  EXPECT_ERROR(set_num_threads(0), config, "threads: got 0, expected 1 to 1024");
  EXPECT_ERROR(set_num_threads(1 << 30), config, "expected 1 to 1024");
  CHECK(num_threads() == before);
}

}  // namespace
}  // namespace aio
