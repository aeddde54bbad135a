#pragma once
// Stanford's PTBTokenizer as a lexer: of the rules that match at a place the one that sees farthest wins, what must
// follow included, and of equals the first.

#include "data/metrics/ptb/characters.h"

namespace aio::ptb {

/// The end of the token at `begin`, which is neither the text's end nor white space. Always past `begin`.
std::size_t token_end(Text text, std::size_t begin);

}  // namespace aio::ptb
