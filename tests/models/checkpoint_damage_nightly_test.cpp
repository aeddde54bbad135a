// The exhaustive forms of checkpoint_container_test: every cut of the golden files, a hundred thousand damaged copies.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "checkpoint_bytes.h"
#include "models/checkpoint/checkpoint.h"
#include "tensor/philox.h"
#include "tests/temp_dir.h"

namespace aio::weights {
namespace {

constexpr const char* kFiles[] = {"micro_ckpt_odd_zip.ckpt", "micro_ckpt_odd_legacy.ckpt"};

std::string read_golden(const std::string& name) {
  std::ifstream file(AIO_TEST_DATA "/golden/model/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// True if it is refused; reads every element if not.
bool refused(const std::string& path, const OpenOptions& options) {
  try {
    const Checkpoint checkpoint = open_checkpoint(path, options);
    std::vector<char> scratch;
    for (const FileTensor& tensor : checkpoint.tensors) packed_bytes(tensor, scratch);
    return false;
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::format);
    return true;
  }
}

TEST_CASE("checkpoint: every cut of the golden files") {
  const test::TempDir folder;
  for (const char* const name : kFiles) {
    const std::string bytes = read_golden(name);
    test_bytes::write_file(folder / "cut", bytes);
    for (std::size_t length = bytes.size() - 1; length > 0; --length) {
      std::filesystem::resize_file(folder / "cut", length);
      INFO(name, " cut to ", length);
      REQUIRE(refused(folder / "cut", {}));
    }
  }
}

TEST_CASE("checkpoint: a hundred thousand damaged copies of the golden files") {
  const test::TempDir folder;
  OpenOptions unchecked;
  unchecked.torch.verify_crc = false;
  for (const char* const name : kFiles) {
    const std::string bytes = read_golden(name);
    test_bytes::write_file(folder / "flip", bytes);
    std::fstream file(folder / "flip", std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint32_t round = 0; round < 50'000; ++round) {
      // One to four bytes, in place and back: the pickles stand near the start, where most of the flips go.
      const auto draws = philox4x32_10({{round, 0, 0, 0}}, 17, 0);
      const std::size_t span = round % 2 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 8000);
      for (std::uint32_t i = 0; i <= draws.v[3] % 4; ++i) {
        const std::size_t at = draws.v[i % 3] % span;
        file.seekp(static_cast<std::streamoff>(at));
        file.put(static_cast<char>(bytes[at] ^ static_cast<char>(1 << (draws.v[i % 3] >> 29))));
      }
      file.flush();
      refused(folder / "flip", unchecked);
      file.seekp(0);
      file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
  }
}

}  // namespace
}  // namespace aio::weights
