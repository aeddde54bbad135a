#pragma once
// TensorBoard event files: scalars over steps, as `tensorboard --logdir runs` draws them.
//
// A file is a sequence of records: length (u64), masked CRC-32C of it, bytes, masked CRC-32C of them; the bytes are an
// Event message of tensorflow/core/util/event.proto, of which scalars need four fields. Written by hand: the format is
// stable, and a protobuf library would be our largest dependency.

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace aio::apps {

class EventWriter {
 public:
  /// Creates `folder`/events.out.tfevents.TIME.HOST and writes the version record. Throws Error{io}.
  explicit EventWriter(const std::string& folder);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  void scalar(std::string_view tag, std::int64_t step, double value);
  /// Throws Error{io} if anything written so far did not reach the file.
  void flush();
  const std::string& path() const { return path_; }

 private:
  void record(std::string_view event);
  std::string path_;
  std::FILE* file_ = nullptr;
};

/// CRC-32C (Castagnoli), and the rotation and offset that record files add so that a CRC of data that holds CRCs is not
/// weak.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace aio::apps
