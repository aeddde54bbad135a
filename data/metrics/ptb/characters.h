#pragma once
// What the tokenizer's rules ask about characters.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace aio::ptb {

using Text = std::u32string_view;

bool is_space(char32_t c);
bool is_ascii_letter(char32_t c);
bool is_upper(char32_t c);  ///< ASCII
bool is_digit(char32_t c);  ///< ASCII
bool is_ascii_alnum(char32_t c);
bool is_letter(char32_t c);  ///< of any script
bool is_alnum(char32_t c);
bool is_apostrophe(char32_t c);  ///< straight or curly
bool is_hyphen(char32_t c);
bool one_of(char32_t c, Text set);
char32_t lower(char32_t c);  ///< ASCII

/// Character `i`; past the end stands a line feed.
char32_t at(Text text, std::size_t i);
/// Whether the text has these letters, of any case, and these apostrophes, straight or curly, from `i`.
bool has(Text text, std::size_t i, std::string_view letters);

/// The end of the run of such characters from `i`.
template <class Is>
std::size_t run(Text text, std::size_t i, Is is) {
  while (i < text.size() && is(text[i])) ++i;
  return i;
}

template <std::size_t N>
bool in_list(const std::array<std::string_view, N>& list, Text word) {
  return std::any_of(list.begin(), list.end(),
                     [&](std::string_view entry) { return entry.size() == word.size() && has(word, 0, entry); });
}

}  // namespace aio::ptb
