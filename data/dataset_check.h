#pragma once
// Opens every sample of a split and says what is wrong with which line.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/decode_service.h"
#include "data/loader_options.h"
#include "data/manifest.h"

namespace aio {

struct SampleFault {
  std::int64_t row = 0;
  std::string where;  ///< "train.jsonl:17"
  std::string id;     ///< empty when the line cannot be parsed
  std::string reason;
  bool unreadable = true;  ///< no frames can be had; else only its texts are of no use
};

struct CheckOptions {
  std::int64_t frames = 3;  ///< to be decoded of each; 0: only whether the file is there and what it says of itself
  int threads = 2;
  std::function<void(std::int64_t done)> progress;  ///< called from one thread at a time, may be empty
};

/// All faults of the split, by row. A missing file, one that does not decode, a line that cannot be parsed, texts that
/// the task cannot use, an id that was there before.
std::vector<SampleFault> check_dataset(const Manifest& manifest, const DecodeFunction& decode,
                                       const CheckOptions& options);

/// A skip list is a text file with an id and, behind a tab, the reason on each line.
std::string skip_list(const std::vector<SampleFault>& faults);
/// The ids of a skip list, for LoaderOptions::skip. Throws Error{io}.
std::set<std::string> read_skip_list(const std::string& path);

}  // namespace aio
