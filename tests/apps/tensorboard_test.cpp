// TensorBoard event files: the checksums' known answers, and the real package's reading of a file.

#include "apps/trainer/tensorboard.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "tests/temp_dir.h"

using namespace aio::apps;

TEST_CASE("tensorboard: CRC-32C") {
  CHECK(crc32c("123456789") == 0xe3069283U);  // RFC 3720, appendix B.4 has the same polynomial
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  CHECK(crc32c("") == 0);
  CHECK(masked_crc32c("") == 0xa282ead8U);
}

TEST_CASE("tensorboard: records are framed, and a scalar is where event.proto says") {
  const aio::test::TempDir dir;
  std::string path;
  {
    EventWriter writer(dir.path().string());
    writer.scalar("loss/mlm", 300, 0.5);
    writer.flush();
    path = writer.path();
  }
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string bytes = text.str();
  std::size_t at = 0;
  std::vector<std::string> events;
  while (at < bytes.size()) {
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    REQUIRE(at + 12 <= bytes.size());
    std::memcpy(&size, &bytes[at], 8);
    std::memcpy(&crc, &bytes[at + 8], 4);
    CHECK(crc == masked_crc32c(bytes.substr(at, 8)));
    REQUIRE(at + 16 + size <= bytes.size());
    events.push_back(bytes.substr(at + 12, size));
    std::memcpy(&crc, &bytes[at + 12 + size], 4);
    CHECK(crc == masked_crc32c(events.back()));
    at += 16 + size;
  }
  REQUIRE(events.size() == 2);
  CHECK(events[0].substr(9) == std::string("\x10\0\x1a\x0d", 4) + "brain.Event:2");
  // step 300 = varint ac 02; summary of 17 bytes, value of 15: tag of 8, float 0.5
  CHECK(events[1].substr(9) == std::string("\x10\xac\x02\x2a\x11\x0a\x0f\x0a\x08loss/mlm\x15\0\0\0\x3f", 22));
}

TEST_CASE("tensorboard: the real package reads it") {
  const char* const python = std::getenv("AIO_PEER_PYTHON");
  if (python == nullptr) {
    MESSAGE("skipped: AIO_PEER_PYTHON names no interpreter with tensorboard");
    return;
  }
  const aio::test::TempDir dir;
  {
    EventWriter writer(dir.path().string());
    for (int step = 0; step < 1000; ++step) writer.scalar("loss", step, 1.0 / (1 + step));
    writer.scalar("lr", 7, 1e-4);
  }
  std::ofstream(dir / "read.py") << R"(
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
loss = events.Scalars("loss")
assert sorted(events.Tags()["scalars"]) == ["loss", "lr"], events.Tags()
assert [e.step for e in loss] == list(range(1000))
assert all(abs(e.value - 1 / (1 + e.step)) < 1e-6 for e in loss)
assert abs(events.Scalars("lr")[0].value - 1e-4) < 1e-10 and events.Scalars("lr")[0].step == 7
)";
  const std::string command = std::string(python) + " " + (dir / "read.py") + " " + dir.path().string() + " 2>&1";
  CHECK(std::system(command.c_str()) == 0);
}
