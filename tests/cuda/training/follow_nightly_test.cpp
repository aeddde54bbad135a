// Training on the device beside PyTorch on a CPU: tests/apps/trajectory.h. The emulation takes seven seconds a step, so
// it makes the first twenty of 200; tests/apps/run_device_nightly_test.cpp follows the CPU for 200 steps of a smaller
// model.
#include <doctest/doctest.h>

#include "cuda/install.h"
#include "tests/apps/trajectory.h"

using namespace aio;

#if defined(AIO_CUDA_EMULATION)
constexpr std::int64_t kSteps = 20;
#else
constexpr std::int64_t kSteps = 200;
#endif

TEST_CASE("cuda training: the micro model follows PyTorch's losses") {
  if (!cuda::install()) {
    MESSAGE("skipped: ", cuda::status());
    return;
  }
  const test::Followed followed = test::follow_pytorch(kSteps, {Device::Kind::cuda, 0});
  MESSAGE("largest difference of a loss: ", followed.worst, ", below 1e-3 for ", followed.together, " steps");
  CHECK(followed.worst <= 1e-3);  // the emulation, two steps: 1.9e-6
}
