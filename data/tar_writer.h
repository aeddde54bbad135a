#pragma once
// TarWriter: a POSIX ustar file of regular members. The same members give the same bytes: no times, no owners.

#include <cstdint>
#include <string>
#include <string_view>

#include "tensor/atomic_file.h"

namespace aio {

class TarWriter {
 public:
  /// The file appears with finish(). Throws Error{io}.
  explicit TarWriter(const std::string& path) : file_(path) {}

  /// Begins a member of `bytes` bytes, which write() then gets; returns where its bytes begin. Names have at most 100
  /// bytes, else Error{value}.
  std::uint64_t begin(const std::string& name, std::uint64_t bytes);
  void write(std::string_view data);
  /// Throws Error{state} unless the last member is complete.
  void finish();

  std::uint64_t size() const { return at_; }

 private:
  void pad();

  AtomicFile file_;
  std::uint64_t at_ = 0;
  std::uint64_t missing_ = 0;  ///< bytes of the member that were not written yet
};

}  // namespace aio
