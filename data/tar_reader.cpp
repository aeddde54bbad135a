#include "data/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kMaxNameBytes = 4096;
constexpr std::uint64_t kMaxPaxBytes = std::uint64_t{1} << 20;

// Fields of the header block: place and size (POSIX.1-1988).
struct Part {
  std::size_t begin, size;
};
constexpr Part kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kMagic{257, 5}, kPrefix{345, 155};
constexpr std::size_t kType = 156;

std::string_view part(std::string_view block, Part p) { return block.substr(p.begin, p.size); }

std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

/// Octal digits with spaces or NULs around them, or (first bit set) a big-endian binary number. False if neither, or
/// beyond 63 bits.
bool parse_number(std::string_view text, std::uint64_t& value) {
  value = 0;
  if ((static_cast<unsigned char>(text.front()) & 0x80U) != 0) {
    value = static_cast<unsigned char>(text.front()) & 0x7fU;
    for (const char c : text.substr(1)) {
      if (value >> 55 != 0) return false;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  }
  std::size_t i = text.find_first_not_of(' ');
  bool any = false;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '7'; ++i, any = true) {
    value = value * 8 + static_cast<std::uint64_t>(text[i] - '0');
  }
  return any && (i == text.size() || text[i] == ' ' || text[i] == '\0');
}

bool has_checksum(std::string_view block) {
  std::uint64_t expected = 0, sum = 0;
  if (!parse_number(part(block, kChecksum), expected)) return false;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksum.begin && i < kChecksum.begin + kChecksum.size;
    sum += inside ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum == expected;
}

std::string name_of(std::string_view block) {
  const std::string name(until_nul(part(block, kName)));
  const std::string_view prefix = until_nul(part(block, kPrefix));
  const bool ustar = part(block, kMagic) == "ustar" && block[kMagic.begin + 5] == '\0';
  return ustar && !prefix.empty() ? std::string(prefix) + "/" + name : name;
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.size() <= kMaxNameBytes && name.find('\0') == std::string::npos &&
         ("/" + name + "/").find("/../") == std::string::npos;
}

std::uint64_t padded(std::uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

}  // namespace

struct TarReader::Header {
  std::string name;
  char type = '0';
  std::uint64_t bytes = 0;
};

TarReader::TarReader(const std::string& path) : file_(path) {
  char magic[2] = {};
  file_.read_some(0, magic, sizeof(magic));
  check(std::string_view(magic, 2) != "\x1f\x8b", ErrorCode::format, path,
        ": is compressed by gzip; samples are read from their place in the shard, so unpack it (gunzip) first");
}

TarReader::TarReader(const std::string& path, std::uint64_t offset) : TarReader(path) {
  at_ = offset < kBlock || offset > file_.size() ? file_.size() : offset - kBlock;
}

template <class... Parts>
void TarReader::refuse(const Parts&... parts) const {
  fail(ErrorCode::format, file_.path(), ": at byte ", at_, ": ", parts...);
}

bool TarReader::read_header(Header& header) {
  if (at_ == file_.size()) return false;
  if (file_.size() - at_ < kBlock) refuse("the file ends inside a header");
  const std::string block = file_.read(at_, kBlock);
  if (block.find_first_not_of('\0') == std::string::npos) return false;
  if (!has_checksum(block)) refuse("no tar header: its checksum is wrong");
  if (!parse_number(part(block, kSize), header.bytes)) refuse("a member's size is no number, or too large for one");
  header.name = name_of(block);
  header.type = block[kType];
  at_ += kBlock;
  return true;
}

/// Records "length key=value\n".
void TarReader::read_pax(const Header& header, std::string& name, std::uint64_t& size, bool& has_size) const {
  const std::string text = file_.read(at_, static_cast<std::size_t>(header.bytes));
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t length = 0;
    const auto parsed = std::from_chars(text.data() + begin, text.data() + text.size(), length);
    const std::size_t key = static_cast<std::size_t>(parsed.ptr - text.data()) + 1;
    const std::size_t equals = text.find('=', key);
    if (parsed.ec != std::errc() || length == 0 || length > text.size() - begin || equals >= begin + length) {
      refuse("a broken extended header");
    }
    const std::string_view value(text.data() + equals + 1, begin + length - equals - 2);
    const std::string_view word(text.data() + key, equals - key);
    if (word == "path") name = value;
    if (word == "size") {
      const auto number = std::from_chars(value.data(), value.data() + value.size(), size);
      has_size = number.ec == std::errc() && number.ptr == value.data() + value.size();
      if (!has_size) refuse("a member's size is no number, or too large for one");
    }
    begin += length;
  }
}

bool TarReader::next(TarMember& member) {
  std::string long_name;
  std::uint64_t long_size = 0;
  bool has_long_size = false;
  for (Header header; read_header(header);) {
    const bool describes_next = header.type == 'x' || header.type == 'L';
    if (has_long_size && !describes_next) header.bytes = long_size;
    if (header.bytes > file_.size() - at_) {
      refuse("member \"", header.name, "\" has ", header.bytes, " bytes, the file has ", file_.size() - at_,
             " left: the shard is cut short");
    }
    const std::uint64_t data = at_;
    if (describes_next) {
      if (header.bytes > kMaxPaxBytes) refuse("an extended header of ", header.bytes, " bytes");
      if (header.type == 'x') read_pax(header, long_name, long_size, has_long_size);
      if (header.type == 'L') {
        const std::string text = file_.read(at_, static_cast<std::size_t>(header.bytes));
        long_name = until_nul(text);
      }
    }
    at_ = std::min(file_.size(), at_ + padded(header.bytes));
    if (describes_next || header.type == 'g') continue;
    const std::string name = long_name.empty() ? header.name : long_name;
    long_name.clear();
    has_long_size = false;
    const bool regular = header.type == '0' || header.type == '\0';
    if (!regular || !is_plain_name(name) || header.bytes > kMaxTarMemberBytes) {
      ++ignored_;
      continue;
    }
    member = {name, data, header.bytes};
    return true;
  }
  return false;
}

void check_tar_member(const DataFile& file, std::uint64_t offset, std::uint64_t bytes, const std::string& name) {
  const auto same = [&] {
    if (offset < kBlock || offset > file.size() || bytes > file.size() - offset) return false;
    const std::string block = file.read(offset - kBlock, kBlock);
    std::uint64_t size = 0;
    const std::string found = name_of(block);
    // A long name stands in an extended header before this one, which holds its beginning.
    return has_checksum(block) && parse_number(part(block, kSize), size) && size == bytes &&
           (found == name || (name.size() > kName.size && !found.empty()));
  };
  check(same(), ErrorCode::format, file.path(), ": has no member ", name, " of ", bytes, " bytes at ", offset,
        ": the shard was changed since it was indexed");
}

}  // namespace aio
