#include "data/bad_samples.h"

namespace aio {

namespace {
constexpr int kListed = 20;  // in the message; a program prints all of entries()
}

BadSamples::BadSamples(std::int64_t total, double max_share) : total_(total), max_share_(max_share) {
  check(max_share >= 0 && max_share <= 1, ErrorCode::config, "max-bad is ", max_share, ", expected a share of 0 to 1");
}

void BadSamples::add(std::int64_t row, const std::string& name, const std::string& reason) {
  entries_.emplace(row, Entry{name, reason});
  if (static_cast<double>(count()) <= max_share_ * static_cast<double>(total_)) return;
  std::string text = message(count(), " of ", total_, " samples cannot be read, more than the share of ", max_share_,
                             " that is allowed (--max-bad):");
  int listed = 0;
  for (const auto& [bad_row, entry] : entries_) {
    if (listed++ == kListed) {
      text += message("\n  ... and ", count() - kListed, " more");
      break;
    }
    text += "\n  " + entry.name + ": " + entry.reason;
  }
  throw TooManyBadSamples(ErrorCode::io, text);
}

}  // namespace aio
