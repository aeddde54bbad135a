// A training run beside PyTorch's: trajectory.h.

#include <doctest/doctest.h>

#include "tests/apps/trajectory.h"

TEST_CASE("training: 200 steps of the micro model follow PyTorch's losses") {
  const aio::test::Followed followed = aio::test::follow_pytorch(200);
  MESSAGE("largest difference of a loss: " << followed.worst << ", below 1e-3 for " << followed.together << " steps");
  CHECK(followed.worst <= 1e-3);  // observed 4.3e-6; PyTorch's own f32 and f64 are 3.6e-6 apart
}
