// cuda::install() and cuda::status() with and without CUDA in the build, with and without a device.
#include "cuda/install.h"

#include <doctest/doctest.h>

#include "tensor/backend.h"
#include "tensor/error.h"

TEST_CASE("status is one sentence, whatever this build and machine have") {
  const std::string status = aio::cuda::status();
  MESSAGE(status);
  CHECK(status.find("CUDA") != std::string::npos);
  CHECK(status.find('\n') == std::string::npos);
}

TEST_CASE("a CUDA backend is there exactly when install() says so") {
  const aio::Device device{aio::Device::Kind::cuda, 0};
  if (aio::cuda::install()) {
    CHECK(aio::backend_for(device).device() == device);
  } else {
    CHECK_THROWS_AS(aio::backend_for(device), aio::Error);
  }
}
