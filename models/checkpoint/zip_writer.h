#pragma once
// Writes the zip container of torch.save: stored members whose data starts on multiples of 64 bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/atomic_file.h"

namespace aio::weights {

class ZipWriter {
 public:
  /// The file appears with finish(). `zip64` uses the ZIP64 form of every record, not only of those that need it.
  explicit ZipWriter(const std::string& path, bool zip64 = false);

  /// Throws Error{io}.
  void add(const std::string& name, std::string_view data);
  /// Writes the directory and puts the file in place.
  void finish();

 private:
  struct Member {
    std::string name;
    std::uint64_t header, size;
    std::uint32_t crc;
  };

  void write(std::string_view bytes);
  bool needs64(std::uint64_t value) const;

  AtomicFile file_;
  bool zip64_;
  std::uint64_t position_ = 0;
  std::vector<Member> members_;
};

}  // namespace aio::weights
