#pragma once
// What a manifest's samples lack for their task, and which ids they share.

#include <string>
#include <vector>

#include "data/manifest.h"

namespace aio {

/// Why the sample is of no use for the manifest's task; empty if it is fine. Does not look at the media.
///   caption, retrieval, pretrain   has captions, segments or words, none of them blank
///   qa                             question and answer(s)
///   choice, mc_qa                  options, answer_index; mc_qa: a question
///   classify                       a known label
/// A test set without answers is told so, too: it cannot be scored.
std::vector<std::string> sample_problems(const Manifest& manifest, const Sample& sample);

struct DuplicateId {
  std::string id;
  std::int64_t row = 0, first_row = 0;
};
/// Rows whose id came before. Rows that cannot be parsed are left out. 16 bytes of memory a row.
std::vector<DuplicateId> duplicate_ids(const Manifest& manifest);

}  // namespace aio
