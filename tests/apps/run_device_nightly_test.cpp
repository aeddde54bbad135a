// 200 training steps on the emulated device beside the CPU.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/apps/emulated_runs.h"
#include "tests/temp_dir.h"

using namespace aio;
using namespace aio::test;

#if defined(AIO_EMULATED_PROGRAMS)

TEST_CASE("aio_train on the emulated device follows the CPU's losses for 200 steps") {
  const TempDir dir;
  const std::vector<std::string> more = {"checkpoint.every=0", "optim.schedule=linear", "optim.lr=2e-3"};
  REQUIRE(run(emulated_run(dir / "cpu", 200, "cpu", more), dir / "log") == 0);
  REQUIRE(run(emulated_run(dir / "gpu", 200, "cuda", more), dir / "log") == 0);
  const auto cpu = metrics_of(dir / "cpu"), gpu = metrics_of(dir / "gpu");
  REQUIRE(cpu.size() == 200);
  REQUIRE(gpu.size() == 200);
  double worst = 0;
  for (std::size_t i = 0; i < cpu.size(); ++i) {
    for (const char* name : {"mlm", "vtm", "vtc"}) {
      worst = std::max(worst, std::abs(cpu[i].value(name, 0.0) - gpu[i].value(name, 0.0)));
    }
  }
  MESSAGE("largest difference of a loss: " << worst);
  CHECK(worst < 1e-3);
  CHECK(cpu.back().value("mlm", 10.0) < 0.9 * cpu.front().value("mlm", 0.0));  // something was learned
}

#else

TEST_CASE("aio_train on the emulated device") { MESSAGE("skipped: this build has no emulation"); }

#endif
