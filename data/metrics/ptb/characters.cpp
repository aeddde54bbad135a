#include "data/metrics/ptb/characters.h"

#include "data/unicode.h"

namespace aio::ptb {

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200A);
}
char32_t at(Text text, std::size_t i) { return i < text.size() ? text[i] : U'\n'; }
bool is_ascii_letter(char32_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_upper(char32_t c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_ascii_alnum(char32_t c) { return is_ascii_letter(c) || is_digit(c); }
bool is_letter(char32_t c) { return c < 0x80 ? is_ascii_letter(c) : unicode::is_letter_or_mark(c); }
bool is_alnum(char32_t c) { return is_letter(c) || is_digit(c); }
bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019; }
bool is_hyphen(char32_t c) { return c == '-' || c == '_' || c == 0x2010 || c == 0x2011; }
bool one_of(char32_t c, Text set) { return set.find(c) != Text::npos; }
char32_t lower(char32_t c) { return is_upper(c) ? c + 0x20 : c; }

bool has(Text text, std::size_t i, std::string_view letters) {
  for (std::size_t k = 0; k < letters.size(); ++k) {
    const char32_t c = at(text, i + k), wanted = static_cast<char32_t>(letters[k]);
    if (lower(c) != wanted && !(wanted == '\'' && is_apostrophe(c))) return false;
  }
  return true;
}

}  // namespace aio::ptb
