#include "data/metrics/ptb_tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "data/metrics/ptb/lexer.h"
#include "data/unicode.h"

namespace aio {
namespace {

/// The basic plane's characters; what has no width or no meaning to the tokenizer separates words.
std::u32string decode_caption(std::string_view caption) {
  std::u32string text;
  while (!caption.empty()) {
    const unicode::Decoded next = unicode::decode(caption);
    caption.remove_prefix(next.bytes);
    const bool selector = next.code_point >= 0xFE00 && next.code_point <= 0xFE0F;  // of a symbol's variant
    const bool known = next.code_point < 0xFFFD && !unicode::is_control(next.code_point) && !selector;
    text += known || next.code_point == '\t' ? next.code_point : U' ';
  }
  return text;
}

std::string encode_lower(std::u32string_view token) {
  std::string word;
  for (const char32_t c : token) {
    char bytes[4];
    word.append(bytes, unicode::encode(unicode::to_lower(c), bytes));
  }
  return word;
}

/// How the Penn Treebank writes tokens that are not letters and digits.
std::string treebank_form(std::u32string_view token) {
  static constexpr std::array<std::pair<std::u32string_view, std::string_view>, 26> kForms = {{
      {U"(", "-lrb-"}, {U")", "-rrb-"}, {U"[", "-lsb-"}, {U"]", "-rsb-"}, {U"{", "-lcb-"}, {U"}", "-rcb-"},
      {U"\"", "''"},   {U"“", "``"},    {U"”", "''"},    {U"«", "``"},    {U"»", "''"},    {U"‘", "`"},
      {U"’", "'"},     {U"‹", "`"},     {U"›", "'"},     {U"–", "--"},    {U"—", "--"},    {U"…", "..."},
      {U"£", "#"},     {U"€", "$"},     {U"¢", "cents"}, {U"½", "1/2"},   {U"¼", "1/4"},   {U"¾", "3/4"},
      {U"&amp;", "&"}, {U"&nbsp;", ""},
  }};
  for (const auto& form : kForms) {
    if (form.first == token) return std::string(form.second);
  }
  if (token == U"&lt;") return "<";
  if (token == U"&gt;") return ">";
  if (token == U"&quot;") return "''";
  std::string word = encode_lower(token);
  // The clitics are written with a straight apostrophe; other words keep theirs.
  if (word == "n’t") return "n't";
  for (const char* const clitic : {"s", "m", "d", "re", "ve", "ll"}) {
    if (word == std::string("’") + clitic) return std::string("'") + clitic;
  }
  if (word.size() > 1 && (word.find('(') != std::string::npos || word.find(')') != std::string::npos)) {
    std::string escaped;  // a smiley's mouth
    for (const char c : word) escaped += c == '(' ? "-lrb-" : c == ')' ? "-rrb-" : std::string(1, c);
    return escaped;
  }
  return word;
}

bool is_removed(std::string_view word) {
  constexpr std::array<std::string_view, 14> kRemoved = {"''", "'", "``", "`",  ".",   "?", "!",
                                                         ",",  ":", "-",  "--", "...", ";", ""};
  const auto all = [&](char c) { return word.find_first_not_of(c) == std::string_view::npos; };
  // Three and four hyphens become two, three and more periods become three.
  return std::find(kRemoved.begin(), kRemoved.end(), word) != kRemoved.end() || all('.') ||
         (all('-') && word.size() <= 4);
}

}  // namespace

Words ptb_words(std::string_view caption) {
  const std::u32string text = decode_caption(caption);
  Words words;
  for (std::size_t i = 0; i < text.size();) {
    if (ptb::is_space(text[i])) {
      ++i;
      continue;
    }
    const std::size_t end = ptb::token_end(text, i);
    // A tag may hold spaces: several words.
    for (std::size_t part = i; part < end;) {
      const std::size_t stop = std::min(end, text.find(U' ', part));
      std::string word = treebank_form(std::u32string_view(text).substr(part, stop - part));
      if (!is_removed(word)) words.push_back(std::move(word));
      part = stop + 1;
    }
    i = end;
  }
  return words;
}

}  // namespace aio
