#pragma once
// A folder for files that a benchmark makes, removed at the end.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tensor/error.h"

namespace aio::bench {

class TempFolder {
 public:
  TempFolder() : path_((std::filesystem::temp_directory_path() / "aio-bench-XXXXXX").string()) {
    check(mkdtemp(path_.data()) != nullptr, ErrorCode::io, "benchmark: cannot make the folder ", path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace aio::bench
