#pragma once
// Small files for tests: written from a string, read back whole.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace aio::test {

/// Makes the folders on the way, too.
inline void write_text_file(const std::string& path, const std::string& text) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent);
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace aio::test
