#pragma once
// UTF-8, and the properties of code points that BERT's tokenizer asks for.
//
// The tables are utf8proc's, held to the Unicode versions that Hugging Face's Rust tokenizer was built with: categories
// of Unicode 8 (crate unicode_categories), decompositions and combining classes of Unicode 9 (unicode-normalization).
// What was assigned later is an ordinary letter to it, and so to us, whatever version utf8proc has. (tokenizers 0.21
// and 0.23 agree; the tests compare every code point.)

#include <cstddef>
#include <string>
#include <string_view>

namespace aio::unicode {

/// One code point read from UTF-8 bytes.
struct Decoded {
  char32_t code_point;  ///< kInvalid if the bytes are not valid
  std::size_t bytes;    ///< how many it took: 1 to 4; 1 if invalid
};
inline constexpr char32_t kInvalid = 0xFFFFFFFF;

/// The first code point of `text`, which must not be empty. Overlong forms, surrogates, values past U+10FFFF and
/// sequences that are cut are invalid.
Decoded decode(std::string_view text);
/// Writes the UTF-8 of a valid code point, 1 to 4 bytes, to `out`; returns how many.
std::size_t encode(char32_t code_point, char* out);
/// Number of code points of valid UTF-8.
std::size_t count(std::string_view text);
bool is_valid(std::string_view text);

/// Categories Cc, Cf, Co: control, format and private use; not the unassigned.
bool is_control(char32_t code_point);
/// The property White_Space.
bool is_space(char32_t code_point);
/// Categories P*, and every ASCII character that is neither letter, digit, space nor control.
bool is_punctuation(char32_t code_point);
/// Category Mn: accents and vowel signs that take no room of their own.
bool is_nonspacing_mark(char32_t code_point);
/// Categories L* and M*: what words are made of.
bool is_letter_or_mark(char32_t code_point);
/// The blocks that the tokenizer calls Chinese: a CJK ideograph is a word of its own.
bool is_chinese(char32_t code_point);
/// Canonical combining class; 0 for starters.
int combining_class(char32_t code_point);
/// Simple lower case.
char32_t to_lower(char32_t code_point);
/// The full canonical decomposition of one code point, not reordered; itself if it has none.
std::u32string decompose(char32_t code_point);

}  // namespace aio::unicode
