#pragma once
// What the caption metrics read: sentences as words, and how often each run of 1 to 4 words stands in one.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace aio {

using Words = std::vector<std::string>;

/// One caption to judge and what people said about the same picture or video.
struct CaptionPair {
  Words prediction;
  std::vector<Words> references;  ///< at least one
};

/// Throws Error{value} if there are no pairs or one of them has no reference.
void check_caption_pairs(const std::vector<CaptionPair>& pairs, const char* metric);

inline constexpr std::size_t kMaxGram = 4;
/// counts[n - 1][gram]: how often these n words stand in a sentence, one after the other. A gram is its words with a
/// space between them: words have none.
using GramCounts = std::array<std::map<std::string, std::int64_t>, kMaxGram>;
GramCounts count_grams(const Words& sentence);

}  // namespace aio
