#pragma once
// The words of a caption as the COCO evaluation sees them: Stanford's PTBTokenizer in lower case, punctuation removed.
//
//   "A man's dog isn't here (yet)."  ->  a man 's dog is n't here -lrb- yet -rrb-
//
// Parentheses stay: the evaluation removes "-LRB-", but the tokenizer has made it lower case by then. So do "?!" and
// other runs of marks, which its list does not have.
//
// Written after the tokenizer's behaviour, not its grammar. Like pycocoevalcap, a token that holds a space (a phone
// number, "1 1/2") is several words. Not imitated: that a letter with a period at the end of a caption ("vitamin c.")
// loses it if the next line of the evaluation's file begins with "The" or the like; what lies beyond Unicode's basic
// plane is dropped, as there.

#include <string_view>

#include "data/metrics/captions.h"

namespace aio {

/// Bytes that are not UTF-8 are dropped.
Words ptb_words(std::string_view caption);

}  // namespace aio
