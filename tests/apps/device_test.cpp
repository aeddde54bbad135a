// --device: what each name gives with and without a GPU.
#include "apps/common/device.h"

#include <doctest/doctest.h>

#include "cuda/install.h"
#include "tests/expect_error.h"

namespace aio::apps {
namespace {

TEST_CASE("choose_device: cpu, auto, cuda, a device too many, nonsense") {
  CHECK(choose_device("cpu") == Device{});
  EXPECT_ERROR(choose_device("gpu"), config, "\"gpu\"");
  EXPECT_ERROR(choose_device("cuda:15"), device, "cuda:15");
  if (cuda::install()) {
    CHECK(choose_device("auto") == Device{Device::Kind::cuda, 0});
    CHECK(choose_device("cuda") == Device{Device::Kind::cuda, 0});
  } else {
    CHECK(choose_device("auto") == Device{});
    EXPECT_ERROR(choose_device("cuda"), device, "CUDA");
    EXPECT_ERROR(choose_device("cuda"), device, "choose cpu or auto");
  }
}

}  // namespace
}  // namespace aio::apps
