#include "tensor/atomic_file.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/expect_error.h"
#include "tests/temp_dir.h"

namespace aio {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t files_in(const test::TempDir& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

TEST_CASE("atomic file: nothing is visible before commit, everything after") {
  const test::TempDir folder;
  const std::string path = folder / "f";
  {
    AtomicFile file(path);
    file.write("old", 3);
    CHECK_FALSE(std::filesystem::exists(path));
    file.commit();
  }
  CHECK(content(path) == "old");
  {
    AtomicFile file(path);
    file.write("new content", 11);
    CHECK(content(path) == "old");
  }
  CHECK(content(path) == "old");  // dropped without commit
  CHECK(files_in(folder) == 1);
}

TEST_CASE("atomic file: a disk that is full is an error and leaves the old file") {
  const test::TempDir folder;
  const std::string path = folder / "f";
  {
    AtomicFile file(path);
    file.write("old", 3);
    file.commit();
  }
  // A file size limit gives the write error that a full disk would (EFBIG in place of ENOSPC).
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limited = before;
  limited.rlim_cur = 4096;
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limited);
  const std::string large(100000, 'x');
  EXPECT_ERROR(
      {
        AtomicFile file(path);
        file.write(large.data(), large.size());
        file.commit();
      },
      io, "cannot write: File too large");
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, old_handler);
  CHECK(content(path) == "old");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("atomic file: a target that cannot be replaced is an error") {
  const test::TempDir folder;
  std::filesystem::create_directory(folder.path() / "taken");
  EXPECT_ERROR(
      {
        AtomicFile file(folder / "taken");
        file.write("x", 1);
        file.commit();
      },
      io, "rename the finished file");
  CHECK(files_in(folder) == 1);
}

}  // namespace
}  // namespace aio
