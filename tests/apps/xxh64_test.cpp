// XXH64 against the reference implementation's values (PyPI xxhash).

#include "apps/common/xxh64.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/expect_error.h"
#include "tests/temp_dir.h"

using aio::apps::xxh64;

TEST_CASE("xxh64: known answers") {
  std::string bytes;
  for (int i = 0; i < 1280; ++i) bytes.push_back(static_cast<char>(i % 256));
  const std::string hundred = bytes.substr(0, 100);
  CHECK(xxh64("") == 17241709254077376921ULL);
  CHECK(xxh64("a") == 15154266338359012955ULL);
  CHECK(xxh64("abc") == 4952883123889572249ULL);
  CHECK(xxh64(hundred) == 7692681977284421015ULL);
  CHECK(xxh64(bytes) == 12664549507740509012ULL);
  CHECK(xxh64("abc", 20261123) == 3687399352570166756ULL);
  CHECK(xxh64(bytes, 20261123) == 1996120233302737981ULL);
}

TEST_CASE("xxh64: of files") {
  const aio::test::TempDir dir;
  std::ofstream(dir / "abc") << "abc";
  std::ofstream(dir / "empty") << "";
  CHECK(aio::apps::xxh64_file(dir / "abc") == xxh64("abc"));
  CHECK(aio::apps::xxh64_file(dir / "empty") == xxh64(""));
  EXPECT_ERROR(aio::apps::xxh64_file(dir / "none"), io, "none: No such file");
}
