#pragma once
// RUN/metrics.jsonl and RUN/timing.jsonl: one JSON object a line.
//
// metrics.jsonl holds what follows from seed, configuration and data: a run that was killed and resumed ends with the
// same bytes as an unbroken one. For that a checkpoint records the file's length, and resuming cuts off what was
// written after it. Times and memory, which differ from run to run, go to timing.jsonl.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace aio::apps {

/// Names and values of one line, in order. Numbers that are not finite are written as texts ("nan", "inf"), which JSON
/// has no numbers for.
using Metrics = std::vector<std::pair<std::string, std::variant<std::int64_t, double, std::string>>>;

/// One line of JSON without its line feed.
std::string to_json_line(const Metrics& metrics);

class JsonLinesFile {
 public:
  /// Opens for appending after cutting to `length` bytes (a missing file counts as empty). Throws Error{io}, also when
  /// the file is shorter than that.
  JsonLinesFile(std::string path, std::int64_t length);
  ~JsonLinesFile();
  JsonLinesFile(const JsonLinesFile&) = delete;
  JsonLinesFile& operator=(const JsonLinesFile&) = delete;

  /// Throws Error{io}.
  void write(const Metrics& metrics);
  /// Waits for the disk; returns the length. Throws Error{io}.
  std::int64_t sync();

 private:
  std::string path_;
  int file_ = -1;
  std::int64_t length_ = 0;
};

}  // namespace aio::apps
