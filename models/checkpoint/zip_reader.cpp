#include "models/checkpoint/zip_reader.h"

#include <algorithm>
#include <set>

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/text.h"
#include "models/checkpoint/zip_format.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

using namespace zip;

struct Directory {
  std::uint64_t entries, begin, bytes;
  std::size_t end;  ///< where the records that close the file start
};

/// A member as the directory describes it.
struct Member {
  ZipEntry entry;
  std::uint16_t flags = 0;
  std::uint64_t header = 0;  ///< of the local header
  std::uint64_t size = 0;
};

class Reader {
 public:
  Reader(const std::string& path, std::string_view file) : path_(path), file_(file) {}

  template <class... Parts>
  void require(bool condition, const Parts&... parts) const {
    if (!condition) fail(ErrorCode::format, path_, ": not a readable zip: ", parts...);
  }

  template <class T>
  T at(std::uint64_t offset) const {
    require(offset <= file_.size() && sizeof(T) <= file_.size() - offset, "a record at byte ", offset,
            " goes beyond the file's ", file_.size(), " bytes (truncated)");
    return load_le<T>(file_, offset);
  }

  std::string_view slice(std::uint64_t offset, std::uint64_t size) const {
    require(offset <= file_.size() && size <= file_.size() - offset, size, " bytes at ", offset,
            " go beyond the file's ", file_.size(), " bytes (truncated)");
    return file_.substr(offset, size);
  }

  /// The end record closes the file: torch.save writes no comment behind it, and without one there is only one place
  /// to look, for every reader.
  std::size_t find_end() const {
    require(file_.size() >= kEndBytes, "the file has ", file_.size(), " bytes (truncated)");
    const std::size_t end = file_.size() - kEndBytes;
    require(load_le<std::uint32_t>(file_, end) == kEnd && load_le<std::uint16_t>(file_, end + 20) == 0,
            "no end record closes the file (truncated, or other bytes follow it)");
    return end;
  }

  Directory find_directory() const {
    const std::size_t end = find_end();
    const auto disk = at<std::uint16_t>(end + 4);
    const auto directory_disk = at<std::uint16_t>(end + 6);
    const auto entries_here = at<std::uint16_t>(end + 8);
    Directory directory{at<std::uint16_t>(end + 10), at<std::uint32_t>(end + 16), at<std::uint32_t>(end + 12), end};
    const bool has_locator = end >= kLocator64Bytes && at<std::uint32_t>(end - kLocator64Bytes) == kLocator64;
    if (has_locator) {
      directory = agreed(directory, read_end64(end - kLocator64Bytes));
    } else {
      require(disk == 0 && directory_disk == 0 && entries_here == directory.entries, "it is spread over several files");
      require(directory.entries != kIn64Short && directory.begin != kIn64 && directory.bytes != kIn64,
              "its ZIP64 records are missing");
    }
    require(directory.begin <= directory.end && directory.bytes == directory.end - directory.begin,
            "the directory takes bytes ", directory.begin, " to ", directory.begin + directory.bytes, ", but ends at ",
            directory.end);
    return directory;
  }

  Member directory_entry(std::uint64_t& position, std::uint64_t end) const {
    require(end - position >= kDirectoryEntryBytes && at<std::uint32_t>(position) == kDirectoryEntry,
            "no directory entry at byte ", position);
    Member member;
    member.flags = at<std::uint16_t>(position + 8);
    const auto method = at<std::uint16_t>(position + 10);
    member.entry.crc = at<std::uint32_t>(position + 16);
    std::uint64_t packed = at<std::uint32_t>(position + 20);
    member.size = at<std::uint32_t>(position + 24);
    const auto name_bytes = at<std::uint16_t>(position + 28);
    const auto extra_bytes = at<std::uint16_t>(position + 30);
    const auto comment_bytes = at<std::uint16_t>(position + 32);
    const auto disk = at<std::uint16_t>(position + 34);
    member.header = at<std::uint32_t>(position + 42);
    position += kDirectoryEntryBytes;
    require(end - position >= std::uint64_t{name_bytes} + extra_bytes + comment_bytes,
            "a directory entry goes beyond the directory");
    const std::string_view name = slice(position, name_bytes);
    check_name(name);
    member.entry.name = name;
    read_zip64(name, slice(position + name_bytes, extra_bytes), {&member.size, &packed, &member.header});
    position += std::uint64_t{name_bytes} + extra_bytes + comment_bytes;

    require(disk == 0, "it is spread over several files");
    require((member.flags & ~(kSizesFollow | kUtf8)) == 0, printable(name), " is encrypted, patched or has flags ",
            "that torch.save does not set (", member.flags, ")");
    require(method == kStored, printable(name), " is compressed (method ", method,
            "); torch.save stores without compression");
    require(packed == member.size, printable(name), " is stored, but takes ", packed, " bytes for ", member.size);
    return member;
  }

  /// Compares the header in front of the data with the directory and sets where the data lies.
  void read_local_header(Member& member) const {
    const std::string name = printable(member.entry.name);
    const std::uint64_t h = member.header;
    require(at<std::uint32_t>(h) == kLocalHeader, name, " has no header at byte ", h);
    const auto name_bytes = at<std::uint16_t>(h + 26);
    const auto extra_bytes = at<std::uint16_t>(h + 28);
    const std::string_view local_name = slice(h + kLocalHeaderBytes, name_bytes);
    require(local_name == member.entry.name, name, " is called ", printable(local_name), " in front of its data");
    require(at<std::uint16_t>(h + 6) == member.flags, name, " has other flags in front of its data");
    require(at<std::uint16_t>(h + 8) == kStored, name, " is compressed, says the header in front of its data");
    if ((member.flags & kSizesFollow) == 0) {
      std::uint64_t packed = at<std::uint32_t>(h + 18);
      std::uint64_t size = at<std::uint32_t>(h + 22);
      read_zip64(name, slice(h + kLocalHeaderBytes + name_bytes, extra_bytes), {&size, &packed});
      require(size == member.size && packed == member.size && at<std::uint32_t>(h + 14) == member.entry.crc, name,
              " has another size or CRC in front of its data");
    }
    member.entry.begin = h + kLocalHeaderBytes + name_bytes + extra_bytes;
    slice(member.entry.begin, member.size);
    member.entry.end = member.entry.begin + member.size;
  }

  /// Members, in the order of their bytes, fill the file up to the directory.
  void check_layout(const std::vector<Member>& members, std::uint64_t directory_begin) const {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Member& member = members[i];
      require(member.header == next, printable(member.entry.name), " starts at byte ", member.header, ", expected ",
              next, member.header < next ? " (members overlap)" : " (bytes that belong to no member)");
      const std::uint64_t following = i + 1 < members.size() ? members[i + 1].header : directory_begin;
      next = member.entry.end;
      if ((member.flags & kSizesFollow) != 0 && following > next) next += descriptor_bytes(member, following - next);
    }
    require(next == directory_begin, "the members end at byte ", next, ", the directory starts at ", directory_begin);
  }

 private:
  Directory read_end64(std::size_t locator) const {
    const auto position = at<std::uint64_t>(locator + 8);
    require(at<std::uint32_t>(locator + 4) == 0 && at<std::uint32_t>(locator + 16) == 1,
            "it is spread over several files");
    require(locator >= kEnd64Bytes && position == locator - kEnd64Bytes && at<std::uint32_t>(position) == kEnd64 &&
                at<std::uint64_t>(position + 4) == kEnd64Bytes - 12,
            "its ZIP64 end record is not where the locator says");
    require(at<std::uint32_t>(position + 16) == 0 && at<std::uint32_t>(position + 20) == 0 &&
                at<std::uint64_t>(position + 24) == at<std::uint64_t>(position + 32),
            "it is spread over several files");
    return {at<std::uint64_t>(position + 32), at<std::uint64_t>(position + 48), at<std::uint64_t>(position + 40),
            position};
  }

  /// Where the old end record has a value, it must be that of the ZIP64 record, which counts.
  Directory agreed(const Directory& old, const Directory& wide) const {
    require((old.entries == kIn64Short || old.entries == wide.entries) &&
                (old.begin == kIn64 || old.begin == wide.begin) && (old.bytes == kIn64 || old.bytes == wide.bytes),
            "its two end records disagree");
    return wide;
  }

  /// Replaces the values that say "look in the ZIP64 field", which holds them in this order.
  void read_zip64(std::string_view name, std::string_view extra, std::initializer_list<std::uint64_t*> values) const {
    std::string_view field;
    while (extra.size() >= 4) {
      const auto id = load_le<std::uint16_t>(extra, 0);
      const std::size_t size = load_le<std::uint16_t>(extra, 2);
      require(size <= extra.size() - 4, printable(name), " has an extra field beyond its end");
      if (id == kZip64Field) field = extra.substr(4, size);
      extra.remove_prefix(4 + size);
    }
    for (std::uint64_t* const value : values) {
      if (*value != kIn64) continue;
      require(field.size() >= 8, printable(name), " lacks its ZIP64 sizes");
      *value = load_le<std::uint64_t>(field, 0);
      field.remove_prefix(8);
    }
  }

  /// CRC and sizes behind the data: with or without a signature, sizes of 4 or 8 bytes.
  std::uint64_t descriptor_bytes(const Member& member, std::uint64_t gap) const {
    const std::uint64_t at_end = member.entry.end;
    const bool has_signature = gap == 16 || gap == 24;
    const bool known = has_signature ? at<std::uint32_t>(at_end) == kDataDescriptor : gap == 12 || gap == 20;
    require(known && at<std::uint32_t>(at_end + (has_signature ? 4 : 0)) == member.entry.crc,
            printable(member.entry.name), " is followed by ", gap, " bytes that are not its data descriptor");
    return gap;
  }

  void check_name(std::string_view name) const {
    const bool escapes = name.starts_with('/') || name == ".." || name.starts_with("../") ||
                         name.find("/../") != std::string_view::npos || name.ends_with("/..");
    const bool odd = name.empty() || name.find('\\') != std::string_view::npos || !is_plain_text(name);
    require(!escapes && !odd, "a member is named \"", printable(name), "\"");
  }

  const std::string& path_;
  std::string_view file_;
};

}  // namespace

std::vector<ZipEntry> read_zip(const std::string& path, std::string_view file, const ZipLimits& limits) {
  const Reader reader(path, file);
  const Directory directory = reader.find_directory();
  reader.require(directory.entries <= limits.entries, directory.entries, " members, at most ", limits.entries,
                 " are allowed");
  std::vector<Member> members;
  std::set<std::string> names;
  std::uint64_t position = directory.begin;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    members.push_back(reader.directory_entry(position, directory.end));
    const std::string& name = members.back().entry.name;
    reader.require(names.insert(name).second, "two members are named ", printable(name));
  }
  reader.require(position == directory.end, "the directory has more entries than it says");
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.header < b.header; });
  for (Member& member : members) reader.read_local_header(member);
  reader.check_layout(members, directory.begin);

  std::vector<ZipEntry> entries;
  for (Member& member : members) entries.push_back(std::move(member.entry));
  return entries;
}

}  // namespace aio::weights
