#pragma once
// Builders of checkpoint files byte by byte, so that any of them can lie.

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/crc32.h"
#include "models/checkpoint/zip_format.h"
#include "tensor/error.h"

namespace aio::weights::test_bytes {

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

template <class T>
std::string le(T value) {
  std::string bytes;
  append_le(bytes, value);
  return bytes;
}

// ---- pickles
// ---------------------------------------------------------------------------------------------------------
inline std::string text(std::string_view content) {
  return message("X", le(static_cast<std::uint32_t>(content.size())), content);
}
inline std::string integer(std::int64_t value) { return "\x8a\x08" + le(value); }
inline std::string global(const std::string& module, const std::string& name) {
  return message("c", module, "\n", name, "\n");
}
inline std::string tuple(const std::vector<std::int64_t>& values) {
  std::string bytes = "(";
  for (const std::int64_t value : values) bytes += integer(value);
  return bytes + "t";
}
inline std::string repeat(std::string_view bytes, std::size_t times) {
  std::string result;
  result.reserve(bytes.size() * times);
  for (std::size_t i = 0; i < times; ++i) result += bytes;
  return result;
}

/// The call that makes a tensor of a storage of `numel` elements.
struct TensorCall {
  std::string key = "0";
  std::int64_t numel = 4;
  std::int64_t offset = 0;
  std::vector<std::int64_t> size = {4}, stride = {1};
  std::string storage_class = "FloatStorage";
  std::string function = "_rebuild_tensor_v2";
  std::string more = {};    ///< further arguments
  std::string legacy = {};  ///< sixth field of the storage: "N" in the legacy container

  std::string bytes() const {
    return global("torch._utils", function) + "((" + text("storage") + global("torch", storage_class) + text(key) +
           text("cpu") + integer(numel) + legacy + "tQ" + integer(offset) + tuple(size) + tuple(stride) + "\x89" +
           global("collections", "OrderedDict") + ")R" + more + "tR";
  }
};

/// {"state_dict": {"w": tensor}, "extra": extra}
inline std::string state_dict_pickle(const std::string& tensor, const std::string& extra = "N",
                                     const std::string& extra_key = "extra") {
  return "\x80\x02}(" + text("state_dict") + "}(" + text("w") + tensor + "u" + text(extra_key) + extra + "u.";
}

// ---- zip
// -------------------------------------------------------------------------------------------------------------
/// A member, and what its two headers say of it.
struct Member {
  std::string name, data;
  std::string local_name = name;
  std::uint16_t method = 0, local_method = 0;
  std::uint16_t flags = 0, local_flags = 0;
  std::uint32_t size = static_cast<std::uint32_t>(data.size());
  std::uint32_t packed = size, local_size = size;
  std::uint32_t crc = crc32(data);
  std::string extra = {};
  std::int64_t header_shift = 0;  ///< added to the place that the directory gives
  std::uint16_t disk = 0;
  std::string gap = {};  ///< bytes behind the data
};

struct ZipLies {
  std::string before = {}, after = {}, comment = {};
  std::uint16_t disk = 0;
  std::int32_t entries_added = 0;
  std::int64_t directory_shift = 0, directory_bytes_added = 0;
  std::string end64 = {};  ///< instead of nothing, in front of the end record
};

inline std::string zip_file(const std::vector<Member>& members, const ZipLies& lies = {}) {
  using namespace zip;
  std::string file = lies.before;
  std::string directory;
  for (const Member& m : members) {
    const std::size_t header = file.size();
    file += le(kLocalHeader) + le<std::uint16_t>(20) + le(m.local_flags) + le(m.local_method) + le<std::uint32_t>(0) +
            le(m.crc) + le(m.local_size) + le(m.local_size) + le(static_cast<std::uint16_t>(m.local_name.size())) +
            le<std::uint16_t>(0) + m.local_name + m.data + m.gap;
    directory += le(kDirectoryEntry) + le<std::uint16_t>(20) + le<std::uint16_t>(20) + le(m.flags) + le(m.method) +
                 le<std::uint32_t>(0) + le(m.crc) + le(m.packed) + le(m.size) +
                 le(static_cast<std::uint16_t>(m.name.size())) + le(static_cast<std::uint16_t>(m.extra.size())) +
                 le<std::uint16_t>(0) + le(m.disk) + le<std::uint16_t>(0) + le<std::uint32_t>(0) +
                 le(static_cast<std::uint32_t>(static_cast<std::int64_t>(header) + m.header_shift)) + m.name + m.extra;
  }
  const auto begin = static_cast<std::int64_t>(file.size());
  const auto entries = static_cast<std::uint16_t>(static_cast<std::int32_t>(members.size()) + lies.entries_added);
  const auto bytes = static_cast<std::int64_t>(directory.size());
  return file + directory + lies.end64 + le(kEnd) + le(lies.disk) + le(lies.disk) + le(entries) + le(entries) +
         le(static_cast<std::uint32_t>(bytes + lies.directory_bytes_added)) +
         le(static_cast<std::uint32_t>(begin + lies.directory_shift)) +
         le(static_cast<std::uint16_t>(lies.comment.size())) + lies.comment + lies.after;
}

inline std::string torch_zip(const std::string& pickle, const std::string& storage = std::string(16, '\1')) {
  return zip_file({{"archive/data.pkl", pickle}, {"archive/data/0", storage}, {"archive/version", "3\n"}});
}

// ---- the legacy container
// ---------------------------------------------------------------------------------------------
struct LegacyParts {
  std::string magic = std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  std::string protocol = "\x80\x02" + integer(1001) + ".";
  std::string system = "\x80\x02}" + text("little_endian") + "\x88s.";
  std::string object;
  std::string keys = "\x80\x02](" + text("0") + "e.";
  std::string storages = le<std::int64_t>(4) + std::string(16, '\1');

  std::string bytes() const { return magic + protocol + system + object + keys + storages; }
};

}  // namespace aio::weights::test_bytes
