#pragma once
// The zip container of torch.save: a folder of stored (not compressed) members.
//
// The reader is stricter than the format: one disk, no compression, no encryption, no bytes that belong to no member,
// no two members on the same bytes, and the copy of each header in front of its data agrees with the directory at the
// end. So a file cannot mean one thing here and another elsewhere, nor grow when it is read.
//
// Source: APPNOTE.TXT 6.3.10 (PKWARE), sections 4.3 to 4.5; ZIP64 included.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aio::weights {

struct ZipLimits {
  std::size_t entries = 100'000;
};

struct ZipEntry {
  std::string name;
  std::size_t begin = 0;  ///< of the data, counted from the start of the file
  std::size_t end = 0;
  std::uint32_t crc = 0;  ///< as the directory says; nothing has compared it with the data yet
};

/// Checks the whole layout of `file` and returns its members in the order of their bytes. Throws Error{format}
/// "path: not a readable zip: ...".
std::vector<ZipEntry> read_zip(const std::string& path, std::string_view file, const ZipLimits& limits = {});

}  // namespace aio::weights
