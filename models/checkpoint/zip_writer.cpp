#include "models/checkpoint/zip_writer.h"

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/crc32.h"
#include "models/checkpoint/zip_format.h"

namespace aio::weights {
namespace {

using namespace zip;

constexpr std::uint64_t kAlignment = 64;    // torch.save's: readers may map the data as it lies
constexpr std::uint16_t kPadding = 0x4246;  // id of the extra field that torch.save fills up with: "FB"
constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint16_t kNewYear1980 = 33;  // day 1 of month 1: files do not depend on the time

template <class T>
T narrow(std::uint64_t value, bool in64) {
  return in64 ? static_cast<T>(~T{0}) : static_cast<T>(value);
}

/// What local header and directory entry have in common: from "version needed" to the uncompressed size.
void append_common(std::string& record, std::uint32_t crc, std::uint64_t size, bool in64) {
  append_le<std::uint16_t>(record, in64 ? kVersion64 : kVersion);
  append_le<std::uint16_t>(record, kUtf8);
  append_le<std::uint16_t>(record, kStored);
  append_le<std::uint16_t>(record, 0);
  append_le<std::uint16_t>(record, kNewYear1980);
  append_le<std::uint32_t>(record, crc);
  append_le(record, narrow<std::uint32_t>(size, in64));
  append_le(record, narrow<std::uint32_t>(size, in64));
}

}  // namespace

ZipWriter::ZipWriter(const std::string& path, bool zip64) : file_(path), zip64_(zip64) {}

bool ZipWriter::needs64(std::uint64_t value) const { return zip64_ || value >= kIn64; }

void ZipWriter::write(std::string_view bytes) {
  file_.write(bytes.data(), bytes.size());
  position_ += bytes.size();
}

void ZipWriter::add(const std::string& name, std::string_view data) {
  const Member member{name, position_, data.size(), crc32(data)};
  const bool in64 = needs64(member.size);
  std::string extra;
  if (in64) {
    append_le<std::uint16_t>(extra, kZip64Field);
    append_le<std::uint16_t>(extra, 16);
    append_le(extra, member.size);
    append_le(extra, member.size);
  }
  constexpr std::uint64_t kFieldHeader = 4;
  const std::uint64_t unpadded = position_ + kLocalHeaderBytes + name.size() + extra.size() + kFieldHeader;
  const auto padding = static_cast<std::uint16_t>((kAlignment - unpadded % kAlignment) % kAlignment);
  append_le(extra, kPadding);
  append_le(extra, padding);
  extra.append(padding, 'Z');

  std::string header;
  append_le(header, kLocalHeader);
  append_common(header, member.crc, member.size, in64);
  append_le(header, static_cast<std::uint16_t>(name.size()));
  append_le(header, static_cast<std::uint16_t>(extra.size()));
  write(header + name + extra);
  write(data);
  members_.push_back(member);
}

void ZipWriter::finish() {
  const std::uint64_t begin = position_;
  for (const Member& member : members_) {
    const bool size64 = needs64(member.size);
    const bool header64 = needs64(member.header);
    std::string extra;
    if (size64 || header64) {
      append_le<std::uint16_t>(extra, kZip64Field);
      append_le<std::uint16_t>(extra, static_cast<std::uint16_t>((size64 ? 16 : 0) + (header64 ? 8 : 0)));
      if (size64) append_le(extra, member.size);
      if (size64) append_le(extra, member.size);
      if (header64) append_le(extra, member.header);
    }
    std::string entry;
    append_le(entry, kDirectoryEntry);
    append_le<std::uint16_t>(entry, kVersion64);
    append_common(entry, member.crc, member.size, size64);
    append_le(entry, static_cast<std::uint16_t>(member.name.size()));
    append_le(entry, static_cast<std::uint16_t>(extra.size()));
    entry.append(2 + 2 + 2 + 4, '\0');  // no comment, disk 0, no attributes
    append_le(entry, narrow<std::uint32_t>(member.header, header64));
    write(entry + member.name + extra);
  }
  const std::uint64_t bytes = position_ - begin;
  const std::uint64_t count = members_.size();
  const bool end64 = needs64(begin) || needs64(bytes) || count >= kIn64Short;
  std::string end;
  if (end64) {
    const std::uint64_t record = position_;
    append_le(end, kEnd64);
    append_le<std::uint64_t>(end, kEnd64Bytes - 12);
    append_le(end, kVersion64);
    append_le(end, kVersion64);
    end.append(4 + 4, '\0');  // this disk, the directory's disk
    append_le(end, count);
    append_le(end, count);
    append_le(end, bytes);
    append_le(end, begin);
    append_le(end, kLocator64);
    append_le<std::uint32_t>(end, 0);
    append_le(end, record);
    append_le<std::uint32_t>(end, 1);  // disks
  }
  append_le(end, kEnd);
  end.append(2 + 2, '\0');
  append_le(end, narrow<std::uint16_t>(count, end64));
  append_le(end, narrow<std::uint16_t>(count, end64));
  append_le(end, narrow<std::uint32_t>(bytes, end64));
  append_le(end, narrow<std::uint32_t>(begin, end64));
  append_le<std::uint16_t>(end, 0);  // no comment
  write(end);
  file_.commit();
}

}  // namespace aio::weights
