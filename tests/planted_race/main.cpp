// A race on purpose: both threads add to one variable. Built in ThreadSanitizer builds only, where the test passes when
// this program is reported: so tests/tsan.supp has not come to excuse what it is there to find.
#include <cstdint>

#include "tensor/parallel.h"

int main() {
  aio::set_num_threads(2);
  std::int64_t sum = 0;
  for (int round = 0; round < 50; ++round) {
    aio::parallel_for(1000, 1, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
  }
  return sum == 0 ? 1 : 0;
}
