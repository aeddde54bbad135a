#pragma once
// Which recognised word of a video belongs to which word of a cleaned transcript, so that cleaned words get times.

#include <string>
#include <vector>

#include "data/sample.h"

namespace aio {

/// Dynamic time warping between the words that speech recognition heard (with times) and the words of the corrected
/// text, on the edit distance of the words in lower case without punctuation. The band is 10 % of the heard words'
/// count, at least 32, and the cleaned text is cut behind it. Each heard word gets the cleaned words that meet it
/// first; words without any are left out. More than 20,000 heard words: Error{value}.
std::vector<TimedWord> align_words(const std::vector<TimedWord>& heard, const std::vector<std::string>& cleaned);

/// UTF-8 that was read as Windows-1252 or Latin-1 and written as UTF-8 again ("itâ€™s") is put right ("it’s"); other
/// texts are returned as they are.
std::string fix_mojibake(const std::string& text);

}  // namespace aio
