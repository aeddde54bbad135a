#include "apps/trainer/tensorboard.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);  // reflected polynomial
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

// Protocol-buffer fields: key = number << 3 | wire type (0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes).
void varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}
template <class T>
void fixed(std::string& out, T value) {  // little-endian machines only, as the rest of aio's files
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}
void bytes_field(std::string& out, int number, std::string_view bytes) {
  varint(out, static_cast<std::uint64_t>(number << 3 | 2));
  varint(out, bytes.size());
  out.append(bytes);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The fields that all events have: wall_time = 1 (double), step = 2 (int64).
std::string event(double time, std::int64_t step) {
  std::string out;
  varint(out, 1 << 3 | 1);
  fixed(out, time);
  varint(out, 2 << 3 | 0);
  varint(out, static_cast<std::uint64_t>(step));
  return out;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

EventWriter::EventWriter(const std::string& folder) {
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  // Two runs in one second must not share a file.
  for (int attempt = 0; file_ == nullptr; ++attempt) {
    path_ = message(folder, "/events.out.tfevents.", static_cast<long long>(wall_time()), ".", host, ".", attempt);
    if (!std::filesystem::exists(path_)) {
      file_ = std::fopen(path_.c_str(), "wbx");
      check(file_ != nullptr || errno == EEXIST, ErrorCode::io, path_, ": ", std::strerror(errno));
    }
  }
  std::string version = event(wall_time(), 0);
  bytes_field(version, 3, "brain.Event:2");  // file_version
  record(version);
  flush();
}

EventWriter::~EventWriter() {
  if (file_ != nullptr) std::fclose(file_);
}

void EventWriter::record(std::string_view data) {
  std::string length;
  fixed(length, static_cast<std::uint64_t>(data.size()));
  std::string out = length;
  fixed(out, masked_crc32c(length));
  out.append(data);
  fixed(out, masked_crc32c(data));
  std::fwrite(out.data(), 1, out.size(), file_);
}

void EventWriter::scalar(std::string_view tag, std::int64_t step, double value) {
  std::string entry;  // Summary.Value: tag = 1, simple_value = 2 (float)
  bytes_field(entry, 1, tag);
  varint(entry, 2 << 3 | 5);
  fixed(entry, static_cast<float>(value));
  std::string summary;  // Summary: value = 1
  bytes_field(summary, 1, entry);
  std::string out = event(wall_time(), step);
  bytes_field(out, 5, summary);  // Event.summary
  record(out);
}

void EventWriter::flush() {
  check(std::fflush(file_) == 0 && std::ferror(file_) == 0, ErrorCode::io, path_, ": ", std::strerror(errno));
}

}  // namespace aio::apps
