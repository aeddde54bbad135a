#include "data/tar_writer.h"

#include <cstdio>
#include <cstring>

#include "tensor/error.h"

namespace aio {

namespace {
constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kMaxBytes = (std::uint64_t{1} << 33) - 1;  // 11 octal digits
constexpr char kZeros[2 * kBlock] = {};
}  // namespace

std::uint64_t TarWriter::begin(const std::string& name, std::uint64_t bytes) {
  check(missing_ == 0, ErrorCode::state, "tar: the member before ", name, " lacks ", missing_, " bytes");
  check(!name.empty() && name.size() <= 100 && bytes <= kMaxBytes, ErrorCode::value, "tar: member \"", name, "\" of ",
        bytes, " bytes: names have 1 to 100 bytes, members less than 8 GB");
  pad();
  char block[kBlock] = {};
  std::memcpy(block, name.data(), name.size());
  std::memcpy(block + 100, "0000644\0000000000\0000000000", 23);  // mode, owner, group
  std::snprintf(block + 124, 12, "%011llo", static_cast<unsigned long long>(bytes));
  std::memcpy(block + 136, "00000000000", 11);  // time
  std::memset(block + 148, ' ', 8);
  block[156] = '0';
  std::memcpy(block + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(block + 148, 8, "%06o", sum);
  file_.write(block, kBlock);
  at_ += kBlock;
  missing_ = bytes;
  return at_;
}

void TarWriter::write(std::string_view data) {
  check(data.size() <= missing_, ErrorCode::state, "tar: ", data.size(), " bytes for a member that lacks ", missing_);
  file_.write(data.data(), data.size());
  at_ += data.size();
  missing_ -= data.size();
}

void TarWriter::pad() {
  const std::uint64_t over = at_ % kBlock;
  if (over == 0) return;
  file_.write(kZeros, kBlock - over);
  at_ += kBlock - over;
}

void TarWriter::finish() {
  check(missing_ == 0, ErrorCode::state, "tar: the last member lacks ", missing_, " bytes");
  pad();
  file_.write(kZeros, sizeof(kZeros));
  file_.commit();
}

}  // namespace aio
