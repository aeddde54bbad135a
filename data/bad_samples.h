#pragma once
// BadSamples: which samples could not be read, why, and when there are too many of them to go on.

#include <cstdint>
#include <map>
#include <string>

#include "tensor/error.h"

namespace aio {

/// Thrown when a run must stop because of its data; programs end with exit code 3.
class TooManyBadSamples : public Error {
 public:
  using Error::Error;
};

class BadSamples {
 public:
  /// `max_share`: of `total`, how many may be bad.
  BadSamples(std::int64_t total, double max_share);

  /// A row counts once, with its first reason. Throws TooManyBadSamples, with all that were found, when more than
  /// max_share * total are bad.
  void add(std::int64_t row, const std::string& name, const std::string& reason);

  struct Entry {
    std::string name;  ///< "train.jsonl:17"
    std::string reason;
  };
  /// By row.
  const std::map<std::int64_t, Entry>& entries() const { return entries_; }
  std::int64_t count() const { return static_cast<std::int64_t>(entries_.size()); }
  std::int64_t total() const { return total_; }

 private:
  std::int64_t total_;
  double max_share_;
  std::map<std::int64_t, Entry> entries_;
};

}  // namespace aio
