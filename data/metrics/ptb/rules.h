#pragma once
// Where a token may end: the rules of the tokenizer, in order. Each looks at the text from `i` on.

#include "data/metrics/ptb/characters.h"

namespace aio::ptb {

struct Match {
  std::size_t end = 0;    ///< of the token
  std::size_t reach = 0;  ///< how far the rule looked: end, or the end of what had to follow; 0: no match
};
/// A match, if `end` is not 0, that needs nothing after it.
inline Match plain(std::size_t end) { return {end, end}; }

/// The end of letters and digits joined by periods, "?" or "!", or 0.
std::size_t word_end(Text text, std::size_t i);
/// The end of an acronym without its last period (letter, period, letter, ...: at least two letters), or 0.
std::size_t acronym_end(Text text, std::size_t i);

/// "cannot", "gonna" and the like are two words.
Match fused(Text text, std::size_t i);
/// <b>, </b>, <unk>, <a href="...">, <!-- ... -->
Match tag(Text text, std::size_t i);
/// &amp; and its like
Match entity(Text text, std::size_t i);
/// man in man's
Match word_before_auxiliary(Text text, std::size_t i);
/// do in don't
Match word_before_negation(Text text, std::size_t i);
/// Letters and digits; a period, "?" or "!" may join them.
Match word(Text text, std::size_t i);
/// Before a comma, a colon or a semicolon the period is the word's.
Match word_with_period(Text text, std::size_t i);
/// Words with an apostrophe of their own.
Match apostrophe_word(Text text, std::size_t i);
/// y' before a letter.
Match you(Text text, std::size_t i);
/// http://..., www.host.top and host.com, with their paths
Match url(Text text, std::size_t i);
/// name@host; up to the next space, as the lexer has it
Match email(Text text, std::size_t i);
/// @name, #tag
Match handle(Text text, std::size_t i);
/// 's, 've, n't before no letter
Match auxiliary(Text text, std::size_t i);
/// '99 before white space
Match year(Text text, std::size_t i);
/// [-+]? and digits with . : , between them; one of these may come first.
Match number(Text text, std::size_t i);
/// Letters and digits, joined by hyphens and underscores; each part may begin with d', o' or l'.
Match hyphenated(Text text, std::size_t i);
/// AT&T, A+B: capitals only.
Match joined_capitals(Text text, std::size_t i);
/// and/or, he/she/it: up to three parts, each with up to two hyphens.
Match alternatives(Text text, std::size_t i);
/// Hyphenated where the first part may hold periods and commas: 1,000-strong, non-U.S.
Match number_hyphenated(Text text, std::size_t i);
/// pro-, c'est, c++
Match prefix_or_name(Text text, std::size_t i);
/// A dollar sign may have a country's letters before it.
Match dollar(Text text, std::size_t i);
/// A known abbreviation, an acronym or a single letter keeps its period.
Match abbreviation(Text text, std::size_t i);
/// img_2.3.jpg: a word may not have a part that begins with a digit, a file name may.
Match file_name(Text text, std::size_t i);
/// :-) and its like, not before a letter or digit
Match smiley(Text text, std::size_t i);
/// A quote before a word; it keeps "'n" out of "'new".
Match opening_quote(Text text, std::size_t i);
/// Runs of one mark that stay together.
Match marks(Text text, std::size_t i);

}  // namespace aio::ptb
