#include "apps/trainer/metrics_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tensor/error.h"

namespace aio::apps {

std::string to_json_line(const Metrics& metrics) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& metric : metrics) {
    if (const auto* const integer = std::get_if<std::int64_t>(&metric.second)) {
      json[metric.first] = *integer;
    } else if (const auto* const real = std::get_if<double>(&metric.second)) {
      if (std::isfinite(*real)) {
        json[metric.first] = *real;
      } else {
        json[metric.first] = std::isnan(*real) ? "nan" : *real > 0 ? "inf" : "-inf";
      }
    } else {
      json[metric.first] = std::get<std::string>(metric.second);
    }
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

JsonLinesFile::JsonLinesFile(std::string path, std::int64_t length) : path_(std::move(path)), length_(length) {
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  check(file_ >= 0, ErrorCode::io, path_, ": ", std::strerror(errno));
  struct stat status {};
  const bool known = fstat(file_, &status) == 0;
  const bool long_enough = known && status.st_size >= length;
  const bool cut = long_enough && ftruncate(file_, length) == 0;
  const int error = errno;
  if (cut) return;
  close(file_);
  check(!known || long_enough, ErrorCode::io, path_, ": has ", static_cast<std::int64_t>(status.st_size),
        " bytes, the checkpoint was made when it had ", length);
  fail(ErrorCode::io, path_, ": ", std::strerror(error));
}

JsonLinesFile::~JsonLinesFile() { close(file_); }

void JsonLinesFile::write(const Metrics& metrics) {
  const std::string line = to_json_line(metrics) + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = ::write(file_, line.data() + done, line.size() - done);
    check(written >= 0 || errno == EINTR, ErrorCode::io, path_, ": ", std::strerror(errno));
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  length_ += static_cast<std::int64_t>(line.size());
}

std::int64_t JsonLinesFile::sync() {
  check(fsync(file_) == 0, ErrorCode::io, path_, ": ", std::strerror(errno));
  return length_;
}

}  // namespace aio::apps
